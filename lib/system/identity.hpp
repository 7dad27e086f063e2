// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::system {

/// `outboxd:<host>:<pid>:<8 hex digits at random>`, the same at each call in one process and different in every
/// other: people find the process by host and pid, and the last tells a reused process id (or a container's eternal
/// 1) apart. The host is cut to 40 characters.
std::string worker_id();

}  // namespace outboxd::system
