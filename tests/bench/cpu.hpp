// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace outboxd::bench {

/// CPU seconds, user and system, of a process and its threads; 0 if there is no such process.
[[nodiscard]] double cpu_of(pid_t pid);

/// The same of a process and all its descendants, including those that have ended.
[[nodiscard]] double cpu_of_tree(pid_t pid);

/// CPU seconds of the calling thread.
[[nodiscard]] double cpu_of_this_thread();

/// The resident memory of a process in bytes.
[[nodiscard]] std::int64_t resident_bytes(pid_t pid);

}  // namespace outboxd::bench
