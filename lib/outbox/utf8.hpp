// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Texts from outside, character by character. Pure.
namespace outboxd::utf8 {

/// One character of a text: its code point, or none where the bytes are not UTF-8 (then it is a single byte).
struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The first character of a text that is not empty. Overlong forms, surrogates and code points past U+10FFFF are not
/// UTF-8.
[[nodiscard]] Character first_character(std::string_view text);

/// Every byte of it belongs to a character.
[[nodiscard]] bool is_valid(std::string_view text);

/// Control characters, those past ASCII included.
[[nodiscard]] bool is_control(char32_t code);

/// Characters that end a line or turn the reading direction: with them a text can pretend to be another line.
[[nodiscard]] bool is_deceptive(char32_t code);

/// The longest beginning of at most so many bytes that ends between two characters.
[[nodiscard]] std::string_view beginning(std::string_view text, std::size_t most_bytes);

/// The text, or a beginning of at most so many bytes, between two characters, with "..." after it.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most_bytes);

}  // namespace outboxd::utf8
