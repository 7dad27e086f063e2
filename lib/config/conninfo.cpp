// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_parts.hpp"

#include <algorithm>

namespace outboxd::config {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

/// Takes a value off the front; false if a quote is left open.
bool take_value(std::string_view& text, std::string& value) {
  const bool in_quotes = text.starts_with('\'');
  const std::string_view end = in_quotes ? "'" : kBlank;
  if (in_quotes) text.remove_prefix(1);
  while (!text.empty() && end.find(text.front()) == std::string_view::npos) {
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) break;
    value += text.front();
    text.remove_prefix(1);
  }
  if (text.empty()) return !in_quotes;
  if (in_quotes) text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<KeywordValues> parse_conninfo(std::string_view text) {
  KeywordValues pairs;
  skip_blanks(text);
  while (!text.empty()) {
    const std::string key(text.substr(0, text.find_first_of(" \t\r\n\v\f=")));
    text.remove_prefix(key.size());
    skip_blanks(text);
    if (key.empty() || !text.starts_with('=')) return std::nullopt;
    text.remove_prefix(1);
    skip_blanks(text);
    auto& pair = pairs.emplace_back(key, "");
    if (!take_value(text, pair.second)) return std::nullopt;
    skip_blanks(text);
  }
  return pairs.empty() ? std::nullopt : std::optional(pairs);
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

std::string write_conninfo(const KeywordValues& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    text.append(text.empty() ? "" : " ").append(key).append("=").append(conninfo_value(value));
  }
  return text.empty() ? "postgresql://" : text;
}

}  // namespace outboxd::config
