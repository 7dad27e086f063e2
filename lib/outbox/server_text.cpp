// SPDX-License-Identifier: Apache-2.0
#include "outbox/server_text.hpp"

#include "outbox/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace outboxd::server_text {
namespace {

constexpr std::string_view kPlaceholders = "@#~*";
constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestText = 300;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Bytes beyond ASCII count as letters.
bool is_of_a_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name(std::string_view text) {
  return text.size() <= kLongestName && utf8::is_valid(text) && std::ranges::all_of(text, [](char c) {
           return is_of_a_word(c) || std::string_view{"$.:-[]"}.find(c) != std::string_view::npos;
         });
}

bool is_type(std::string_view text) {
  return text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
           return is_letter(c) || is_digit(c) || std::string_view{" _(),[]\""}.find(c) != std::string_view::npos;
         });
}

bool stands_in(std::string_view word, std::string_view ours) {
  for (auto at = ours.find(word); at != std::string_view::npos; at = ours.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_of_a_word(ours[at - 1])) && (end == ours.size() || !is_of_a_word(ours[end]))) return true;
  }
  return false;
}

bool may_be_shown(char placeholder, std::string_view found, std::string_view ours) {
  if (found.empty()) return true;
  if (placeholder == '@') return is_name(found);
  if (placeholder == '#') return found.size() <= kLongestName && std::ranges::all_of(found, is_digit);
  if (placeholder == '~') return is_type(found);
  return is_name(found) && stands_in(found, ours);
}

/// The text up to the next placeholder, which is removed as well; 0 where there is none.
std::pair<std::string_view, char> next_literal(std::string_view& pattern) {
  const auto end = pattern.find_first_of(kPlaceholders);
  if (end == std::string_view::npos) return {std::exchange(pattern, {}), '\0'};
  const std::pair part{pattern.substr(0, end), pattern[end]};
  pattern.remove_prefix(end + 1);
  return part;
}

std::optional<std::string> shown_as(std::string_view text, std::string_view pattern, std::string_view ours) {
  auto [literal, placeholder] = next_literal(pattern);
  if (!text.starts_with(literal)) return std::nullopt;
  std::string shown{literal};
  text.remove_prefix(literal.size());
  while (placeholder != '\0') {
    const auto before = placeholder;
    std::tie(literal, placeholder) = next_literal(pattern);
    // The last part stands at the end of the text, any other as early as possible.
    std::size_t at = 0;
    if (placeholder == '\0') {
      if (!text.ends_with(literal)) return std::nullopt;
      at = text.size() - literal.size();
    } else {
      at = text.find(literal);
      if (at == std::string_view::npos) return std::nullopt;
    }
    const auto found = text.substr(0, at);
    shown.append(may_be_shown(before, found, ours) ? found : kMask).append(literal);
    text.remove_prefix(at + literal.size());
  }
  return text.empty() ? std::optional{shown} : std::nullopt;
}

/// The end of the quotation with which the text begins; the end of the text where it isn't closed.
std::size_t end_of_quotation(std::string_view text) {
  const auto end = text.find(text.front(), 1);
  return end == std::string_view::npos ? text.size() : end + 1;
}

bool was_sent(std::string_view word, std::string_view sent_in_lower_case) {
  // Two letters mean nothing; digits may be the rest of a longer number.
  constexpr std::size_t kTellingLetters = 3;
  const bool plain = std::ranges::all_of(word, is_letter);
  if (plain && word.size() < kTellingLetters) return false;
  return sent_in_lower_case.find(in_lower_case(word)) != std::string_view::npos;
}

}  // namespace

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<std::string> shown_as_known(std::string_view text, std::span<const std::string_view> patterns,
                                          std::string_view ours) {
  for (const auto pattern : patterns) {
    if (auto shown = shown_as(text, pattern, ours)) return shown;
  }
  return std::nullopt;
}

std::string shown_beside(std::string_view text, std::string_view sent_in_lower_case) {
  const bool is_cut = text.size() > kLongestText;
  text = utf8::beginning(text, kLongestText);
  std::string shown;
  bool in_a_word = false;
  while (!text.empty()) {
    std::size_t length = 1;
    bool hidden = false;
    // An apostrophe within a word quotes nothing.
    if (!in_a_word && (text.front() == '\'' || text.front() == '"' || text.front() == '`')) {
      length = end_of_quotation(text);
      hidden = true;
    } else if (is_of_a_word(text.front())) {
      length = static_cast<std::size_t>(std::ranges::find_if_not(text, is_of_a_word) - text.begin());
      hidden = was_sent(text.substr(0, length), sent_in_lower_case);
    }
    in_a_word = is_of_a_word(text.front());
    shown.append(hidden ? kMask : text.substr(0, length));
    text.remove_prefix(length);
  }
  return is_cut ? shown + "..." : shown;
}

}  // namespace outboxd::server_text
