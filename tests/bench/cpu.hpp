// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace outboxd::bench {

/// CPU seconds, user and system, that a process and its threads have taken; 0 when there is no such process.
[[nodiscard]] double cpu_of(pid_t pid);

/// The same of a process, of all below it, and of those below it that have ended.
[[nodiscard]] double cpu_of_tree(pid_t pid);

/// Of the calling thread.
[[nodiscard]] double cpu_of_this_thread();

/// Bytes of memory that a process has now.
[[nodiscard]] std::int64_t resident_bytes(pid_t pid);

}  // namespace outboxd::bench
