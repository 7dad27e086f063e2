// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/reference/command_tree.hpp"

#include <string>

namespace outboxd::daemon::reference {

/// Functions that bash and zsh understand alike:
/// - __outboxd_is_command "dead list": whether there is such a command,
/// - __outboxd_option "dead list" --stream: whether this option of the command takes a value; sets `files` to yes if
///   it is a file's name, and the array `choices` to the words if only these may stand there.
[[nodiscard]] std::string posix_parts(const Tree& tree);

/// The end of a function that gets a command's path: ends it for commands without the program's shared options.
[[nodiscard]] std::string unless_shared(const Tree& tree);

}  // namespace outboxd::daemon::reference
