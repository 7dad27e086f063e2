// SPDX-License-Identifier: Apache-2.0
#include "config/conninfo.hpp"

#include <cstddef>

namespace outboxd::config {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

bool is_blank(char c) {
  return kBlank.find(c) != std::string_view::npos;
}

void skip_blanks(std::string_view& text) {
  const auto first = text.find_first_not_of(kBlank);
  text.remove_prefix(first == std::string_view::npos ? text.size() : first);
}

/// Takes a value off the front; false if a quote is left open.
bool take_value(std::string_view& text, std::string& value) {
  const bool in_quotes = !text.empty() && text.front() == '\'';
  std::size_t i = in_quotes ? 1 : 0;
  bool closed = !in_quotes;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes ? c == '\'' : is_blank(c)) {
      closed = true;
      if (in_quotes) ++i;
      break;
    }
    if (c == '\\') {
      ++i;
      if (i == text.size()) break;
    }
    value += text[i];
  }
  text.remove_prefix(i < text.size() ? i : text.size());
  return closed;
}

}  // namespace

std::optional<KeywordValues> parse_conninfo(std::string_view text) {
  KeywordValues pairs;
  skip_blanks(text);
  while (!text.empty()) {
    const auto key_end = text.find_first_of(" \t\r\n\v\f=");
    if (key_end == std::string_view::npos || key_end == 0) return std::nullopt;
    const std::string key(text.substr(0, key_end));
    text.remove_prefix(key_end);
    skip_blanks(text);
    if (text.empty() || text.front() != '=') return std::nullopt;
    text.remove_prefix(1);
    skip_blanks(text);
    std::string value;
    if (!take_value(text, value)) return std::nullopt;
    pairs.emplace_back(key, value);
    skip_blanks(text);
  }
  if (pairs.empty()) return std::nullopt;
  return pairs;
}

std::string conninfo_value(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \t\r\n\v\f'\\") == std::string_view::npos;
  if (plain) return std::string(value);
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

}  // namespace outboxd::config
