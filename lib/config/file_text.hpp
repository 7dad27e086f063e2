// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace outboxd::config {

/// A file's content, or why it can't be had ("No such file or directory"). Blocks while it reads.
Checked<std::string> read_file(const std::string& path, std::size_t most_bytes);

/// Whether there is anything at the path, readable or not.
bool exists(const std::string& path);

/// The content of a secret's file without the blanks and line ends around it. The reason names the path, unless it
/// looks as if the secret itself had been put in the path's place. A FIFO, socket or device is refused, without
/// waiting for anything.
Checked<std::string> read_secret(const std::string& path);

}  // namespace outboxd::config
