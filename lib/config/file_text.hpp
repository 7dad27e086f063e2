// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace outboxd::config {

/// A file's content, or why it can't be read ("No such file or directory"). Blocks while it reads.
Checked<std::string> read_file(const std::string& path, std::size_t most_bytes);

/// Whether a file exists at the path, readable or not.
bool exists(const std::string& path);

/// The content of a secret's file without surrounding blanks and line ends. The reason for a failure names the path,
/// unless the path looks like the secret itself. A FIFO, socket or device is refused without waiting.
Checked<std::string> read_secret(const std::string& path);

}  // namespace outboxd::config
