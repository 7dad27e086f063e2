// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/reference/command_tree.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace outboxd::daemon::reference {

// Each script walks through the words of the line as the program does, to know the command; then it offers that
// command's options, the values of an option before the cursor, or the commands and arguments that may follow.

[[nodiscard]] std::string bash_completion(const Tree& tree);
[[nodiscard]] std::string zsh_completion(const Tree& tree);
[[nodiscard]] std::string fish_completion(const Tree& tree);

/// "bash|zsh|fish", as a value's name.
inline constexpr const char* kShells = "bash|zsh|fish";
/// Nothing for another shell.
[[nodiscard]] std::optional<std::string> completion_for(std::string_view shell, const Tree& tree);

}  // namespace outboxd::daemon::reference
