// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace outboxd::system {

/// Writes all of `text` to a descriptor that others may share, and that may block for ever. Blocks as long as bytes
/// go out, and then no longer than `patience`; a descriptor that still takes none is left to itself. Returns why not
/// all of it was written, empty when it was.
[[nodiscard]] std::string write_within(int descriptor, std::string text, std::chrono::milliseconds patience);

}  // namespace outboxd::system
