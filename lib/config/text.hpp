// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// ASCII only; locale-free.
std::string lower(std::string_view text);
std::string upper(std::string_view text);
std::string_view trim(std::string_view text);
bool is_digit(char c);
/// Whether a text has only ASCII letters, digits and these characters.
bool has_only_letters_digits_and(std::string_view others, std::string_view text);
/// The value of a hex digit, or -1.
int hex_digit(char c);

/// The parts between separators; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Whether a word occurs in a list of words with blanks between them.
bool is_one_of(std::string_view words, std::string_view word);

/// The meaning of a word in a list such as "word=meaning other=meaning"; "" if it isn't in it.
std::string_view meaning_of(std::string_view word, std::string_view pairs);

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

// Parts of URLs.

/// How a '%' that is not followed by two hex digits is read.
enum class LonePercent { refused, itself };

/// Decodes %XX; false for a lone '%' that is refused, and for a zero byte.
bool percent_decode(std::string_view text, std::string& decoded, LonePercent lone = LonePercent::refused);

/// host, host:port, [v6] or [v6]:port.
struct Address {
  /// Without brackets.
  std::string_view host;
  /// The rest after the host, with its ':'.
  std::string_view after;
  bool in_brackets = false;
};

/// nullopt if a bracket isn't closed.
std::optional<Address> read_address(std::string_view text);

/// Whether the text is a number between 1 and 65535.
bool is_port(std::string_view text);

inline constexpr const char* kOpenBracket = "has a '[' without a ']'";
inline constexpr const char* kBadPort =
    "has a port that is not a number between 1 and 65535 (IPv6 hosts stand in brackets; '/', '?', '#' and '@' in a "
    "password are written as %2F, %3F, %23, %40)";
inline constexpr const char* kBadName =
    "has a parameter whose name has other characters than letters, digits, '_' and '-'";
inline constexpr const char* kZeroInLogin = "has %00 in its user or password, which no text can hold";

}  // namespace outboxd::config
