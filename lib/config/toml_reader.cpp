// SPDX-License-Identifier: Apache-2.0
// The only file that knows toml++.
#include "config/toml_reader.hpp"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

namespace outboxd::config {
namespace {

TomlType type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return TomlType::string;
    case toml::node_type::integer:
      return TomlType::integer;
    case toml::node_type::floating_point:
      return TomlType::floating;
    case toml::node_type::boolean:
      return TomlType::boolean;
    case toml::node_type::array:
      return TomlType::array;
    case toml::node_type::table:
      return TomlType::table;
    default:
      return TomlType::date_time;
  }
}

TomlNode copy(const toml::node& node) {
  TomlNode result;
  result.type = type_of(node);
  result.line = node.source().begin.line;
  result.column = node.source().begin.column;
  if (const auto* string = node.as_string()) result.text = string->get();
  if (const auto* integer = node.as_integer()) result.integer = integer->get();
  if (const auto* array = node.as_array()) {
    for (const toml::node& element : *array) result.children.push_back(copy(element));
  }
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      TomlNode& child = result.children.emplace_back(copy(value));
      child.key = std::string(key.str());
      child.key_line = key.source().begin.line;
      child.key_column = key.source().begin.column;
    }
    const auto place = [](const TomlNode& child) { return std::tie(child.key_line, child.key_column); };
    std::stable_sort(result.children.begin(), result.children.end(),
                     [&](const TomlNode& left, const TomlNode& right) { return place(left) < place(right); });
  }
  return result;
}

/// toml++ quotes what it stumbled over, which may be a secret written without quotes: only single characters, short
/// words of TOML itself and the names of keys stay.
std::string without_values(std::string_view description) {
  constexpr std::size_t kLongestShown = 5;
  const bool names_a_key = description.find("redefine") != std::string_view::npos;
  std::string result;
  while (!description.empty()) {
    const auto open = description.find('\'');
    const auto close = open == std::string_view::npos ? open : description.find('\'', open + 1);
    if (close == std::string_view::npos) break;
    const std::string_view inside = description.substr(open + 1, close - open - 1);
    result += description.substr(0, open + 1);
    result += names_a_key || inside.size() <= kLongestShown ? inside : std::string_view("…");
    result += '\'';
    description.remove_prefix(close + 1);
  }
  return result += description;
}

}  // namespace

const char* describe(TomlType type) {
  switch (type) {
    case TomlType::string:
      return "a string";
    case TomlType::integer:
      return "an integer";
    case TomlType::floating:
      return "a float";
    case TomlType::boolean:
      return "a boolean";
    case TomlType::date_time:
      return "a date or time";
    case TomlType::array:
      return "an array";
    case TomlType::table:
      return "a table";
  }
  return "";
}

std::optional<TomlNode> read_toml(std::string_view text, const std::string& file, Problems& problems) {
  try {
    return copy(toml::parse(text, file));
  } catch (const toml::parse_error& error) {
    std::string message = without_values(error.description());
    if (message.find("determine value type") != std::string::npos) message += " (text stands in quotes)";
    const toml::source_position place = error.source().begin;
    problems.push_back({{Origin::Kind::file, file, place.line, place.column}, "not valid TOML: " + message});
    return std::nullopt;
  }
}

}  // namespace outboxd::config
