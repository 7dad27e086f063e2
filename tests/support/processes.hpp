// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <vector>

namespace outboxd::test {

/// True for a zombie as well: it has given back its memory and its files, and waits for a parent that may never look.
[[nodiscard]] bool has_ended(pid_t pid);

/// The processes whose parent is `parent`.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);

}  // namespace outboxd::test
