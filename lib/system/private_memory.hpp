// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::system {

/// Prevents core dumps of this process, and other processes of its user from reading its memory and environment (root
/// still can), as both contain secrets. Call once, before any secret is read.
void keep_memory_private();

}  // namespace outboxd::system
