// SPDX-License-Identifier: Apache-2.0
#include "telemetry/secret_places.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace outboxd::telemetry::log {
namespace {

constexpr std::size_t kLeastDistinct = 6;
constexpr std::size_t kLongestWord = 15;
constexpr std::size_t kMostDigits = 4;

// Names that a secret follows, with a '=' or ':' in between; a longer name may end so (sslpassword, metrics_bearer).
constexpr std::array<std::string_view, 12> kNames{"password", "passwd", "pass", "pwd",         "passphrase", "secret",
                                                  "token",    "bearer", "auth", "requirepass", "masterauth", "key"};
// Words that a secret follows, with a blank in between.
constexpr std::array<std::string_view, 6> kWords{"password", "passwd", "bearer", "auth", "requirepass", "masterauth"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_word_character(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_quote(char c) {
  return c == '\'' || c == '"' || c == '`';
}

char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = lower(c);
  return result;
}

/// In the usual case of words: all in one case, but perhaps the first letter, and with a vowel in every five letters.
bool looks_like_a_word(std::string_view letters) {
  constexpr std::string_view kVowels = "aeiouy";
  constexpr std::size_t kMostConsonants = 4;
  const auto rest = letters.substr(1);
  if (!std::ranges::all_of(rest, is_lower) && !std::ranges::all_of(letters, is_upper)) return false;
  std::size_t consonants = 0;
  std::size_t vowels = 0;
  for (const char c : letters) {
    const bool vowel = kVowels.find(lower(c)) != std::string_view::npos;
    consonants = vowel ? 0 : consonants + 1;
    vowels += vowel ? 1U : 0U;
    if (consonants > kMostConsonants) return false;
  }
  return vowels > 0;
}

/// `text` without the blanks and the quotes at its end.
std::string_view without_blanks_and_quotes(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || is_quote(text.back()))) text.remove_suffix(1);
  return text;
}

/// Removes the last word from `text`.
std::string take_last_word(std::string_view& text) {
  auto begin = text.size();
  while (begin > 0 && (is_word_character(text[begin - 1]) || text[begin - 1] == '-')) --begin;
  auto word = lower(text.substr(begin));
  text.remove_suffix(text.size() - begin);
  return word;
}

bool follows_name(std::string_view before) {
  before = without_blanks_and_quotes(before);
  if (before.empty() || (before.back() != '=' && before.back() != ':')) return false;
  before.remove_suffix(1);
  before = without_blanks_and_quotes(before);
  const auto name = take_last_word(before);
  return std::ranges::any_of(kNames, [&](std::string_view known) { return name.ends_with(known); });
}

bool is_word_before_secret(std::string_view word) {
  return std::ranges::find(kWords, word) != kWords.end();
}

/// `AUTH secret`, `AUTH user secret`, `Bearer secret`.
bool follows_word(std::string_view before) {
  const auto trimmed = without_blanks_and_quotes(before);
  if (trimmed.size() == before.size()) return false;
  auto rest = trimmed;
  if (is_word_before_secret(take_last_word(rest))) return true;
  rest = without_blanks_and_quotes(rest);
  const auto word = take_last_word(rest);
  return word == "auth";
}

/// As Redis quotes the arguments of a command that it refuses.
bool is_quoted_argument_of_auth(std::string_view before, std::string_view after) {
  if (before.empty() || after.empty() || !is_quote(before.back()) || !is_quote(after.front())) return false;
  const auto text = lower(before);
  for (auto at = text.find("auth"); at != std::string::npos; at = text.find("auth", at + 1)) {
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const bool ends = at + 4 == text.size() || !is_word_character(text[at + 4]);
    if (begins && ends) return true;
  }
  return false;
}

/// `://user:secret@`, `://secret@`; before the host of Postgres a lone word is the user.
bool is_before_host(std::string_view before, std::string_view after) {
  if (before.empty() || !after.starts_with('@')) return false;
  if (before.back() == ':') return true;
  if (!before.ends_with("://")) return false;
  before.remove_suffix(3);
  return !take_last_word(before).starts_with("postgres");
}

}  // namespace

bool is_common(std::string_view secret) {
  if (secret.size() < kLeastDistinct) return true;
  if (secret.size() > kLongestWord) return false;
  const auto letters = secret.substr(0, std::min(secret.size(), secret.find_first_of("0123456789")));
  const auto digits = secret.substr(letters.size());
  if (!std::ranges::all_of(digits, is_digit)) return false;
  if (letters.empty()) return true;
  return digits.size() <= kMostDigits && looks_like_a_word(letters);
}

bool stands_as_secret(std::string_view text, std::size_t at, std::size_t size) {
  const auto before = text.substr(0, at);
  const auto after = text.substr(at + size);
  const bool begins = before.empty() || !is_word_character(before.back());
  const bool ends = after.empty() || !is_word_character(after.front());
  if (!begins || !ends) return false;
  return is_before_host(before, after) || follows_name(before) || follows_word(before) ||
         is_quoted_argument_of_auth(before, after);
}

}  // namespace outboxd::telemetry::log
