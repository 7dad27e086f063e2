// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::system {

/// The worker id: `outboxd:<host>:<pid>:<8 random hex digits>`, the same at each call in one process and different in
/// every other. Host and pid help operators to find the process. The random part distinguishes processes with the
/// same pid: a reused one, or pid 1 in each container. The host is cut to 40 characters.
std::string worker_id();

/// Who runs this process, for a log: the user's name and the host's, such as `root@db-1`, and with sudo also whose
/// rights these were before.
std::string user_at_host();

}  // namespace outboxd::system
