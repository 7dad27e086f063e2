// SPDX-License-Identifier: Apache-2.0
#include "outbox/table_name.hpp"

#include <cstddef>
#include <utility>

namespace outboxd {
namespace {

/// Takes the first part off the front; empty if there is none.
NamePart take_part(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    const auto bare = rest.substr(0, rest.find('.'));
    rest.remove_prefix(bare.size());
    return {.text = bare.find('"') == std::string_view::npos ? std::string(bare) : ""};
  }
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    const bool doubled = rest.substr(i).starts_with("\"\"");
    if (rest[i] == '"' && !doubled) {
      rest.remove_prefix(i + 1);
      return {.text = std::move(text), .quoted = true};
    }
    text += rest[i];
    i += doubled ? 1 : 0;
  }
  return {};
}

}  // namespace

std::optional<std::vector<NamePart>> split_table_name(std::string_view name) {
  std::vector<NamePart> parts;
  while (parts.size() < 2) {
    parts.push_back(take_part(name));
    if (parts.back().text.empty()) return std::nullopt;
    if (name.empty()) return parts;
    if (!name.starts_with('.')) return std::nullopt;
    name.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace outboxd
