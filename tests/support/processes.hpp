// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <vector>

namespace outboxd::test {

/// Whether the process has ended; true for a zombie as well, as its memory and files are released.
[[nodiscard]] bool has_ended(pid_t pid);

/// The processes whose parent is `parent`.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);

}  // namespace outboxd::test
