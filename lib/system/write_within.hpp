// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace outboxd::system {

/// Writes `text` to a descriptor that may block for ever, such as a shared pipe. Gives up when no bytes were taken
/// for `patience`. Returns why not all of the text was written; "" if it was.
[[nodiscard]] std::string write_within(int descriptor, std::string text, std::chrono::milliseconds patience);

}  // namespace outboxd::system
