// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// ASCII only; locale-free.
std::string lower(std::string_view text);
std::string upper(std::string_view text);
std::string_view trim(std::string_view text);
bool is_digit(char c);
bool is_letter(char c);
/// The value of a hex digit, or -1.
int hex_digit(char c);

/// The parts between separators; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Whether a word occurs in a list of words with blanks between them.
bool is_one_of(std::string_view words, std::string_view word);

/// "a, b, c".
std::string listed(const std::vector<std::string_view>& words);

/// Whether the text is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// A string literal that is valid TOML and valid JSON.
std::string in_quotes(std::string_view text);

/// A text without line breaks, whatever a file's name or a key contains: '?' for each control character.
std::string without_control_characters(std::string_view text);

/// A value as an error message may repeat it: quoted and shortened; "***" if it seems to contain credentials.
std::string echoed(std::string_view text);

/// Describes the error in a text that begins with a quote, as from an env file that keeps quotes; otherwise "".
std::string quote_in_front(std::string_view text);

}  // namespace outboxd::config
