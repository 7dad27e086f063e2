// SPDX-License-Identifier: Apache-2.0
#include "config/table_name.hpp"

#include "config/text.hpp"

#include <algorithm>
#include <cstddef>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestIdentifier = 63;  // Postgres cuts longer ones off.
constexpr std::size_t kMostParts = 2;

bool is_plain(std::string_view name) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '$'; };
  return !name.empty() && !is_digit(name.front()) && name.front() != '$' &&
         std::all_of(name.begin(), name.end(), fits);
}

/// Takes a quoted part off the front; nullopt if its quote isn't closed.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string part;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      part += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      part += rest[i++];
    } else {
      rest.remove_prefix(i + 1);
      return part;
    }
  }
  return std::nullopt;
}

std::optional<std::string> take_part(std::string_view& rest) {
  if (rest.starts_with('"')) return take_quoted(rest);
  const std::string_view part = rest.substr(0, rest.find('.'));
  if (!is_plain(part)) return std::nullopt;
  rest.remove_prefix(part.size());
  return std::string(part);
}

}  // namespace

bool can_be_identifier(std::string_view name) {
  return !name.empty() && name.size() <= kLongestIdentifier && name.find('\0') == std::string_view::npos;
}

std::optional<std::vector<std::string>> table_name_parts(std::string_view name) {
  std::vector<std::string> parts;
  while (parts.size() < kMostParts) {
    std::optional<std::string> part = take_part(name);
    if (!part || !can_be_identifier(*part)) return std::nullopt;
    parts.push_back(std::move(*part));
    if (name.empty()) return parts;
    if (!name.starts_with('.')) return std::nullopt;
    name.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace outboxd::config
