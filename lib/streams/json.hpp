// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/utf8.hpp"

#include <string>
#include <string_view>

namespace outboxd::streams {

/// A name from outside as JSON can hold it: bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] inline std::string json_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto character = utf8::first_character(text);
    result.append(character.valid ? text.substr(0, character.bytes) : "\xEF\xBF\xBD");
    text.remove_prefix(character.bytes);
  }
  return result;
}

}  // namespace outboxd::streams
