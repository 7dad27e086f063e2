// SPDX-License-Identifier: Apache-2.0
// What the readers of TOML files share.
#pragma once

#include "config/options.hpp"
#include "config/toml_library.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::config {

/// "a string", "an array".
inline std::string describe(const toml::node& node) {
  if (node.is_string()) return "a string";
  if (node.is_integer()) return "an integer";
  if (node.is_floating_point()) return "a float";
  if (node.is_boolean()) return "a boolean";
  if (node.is_array()) return "an array";
  return node.is_table() ? "a table" : "a date or time";
}

/// The node as the setting's word, if it is a boolean; otherwise "".
inline std::string truth_of(const toml::node& node) {
  if (!node.is_boolean()) return "";
  return node.ref<bool>() ? "true" : "false";
}

using Child = std::pair<const toml::key*, const toml::node*>;

/// In the order of the file.
inline std::vector<Child> children_of(const toml::table& table) {
  std::vector<Child> children;
  for (const auto& [key, value] : table) children.emplace_back(&key, &value);
  std::ranges::stable_sort(children, [](const Child& left, const Child& right) {
    return left.first->source().begin < right.first->source().begin;
  });
  return children;
}

/// Takes a problem and its place.
using AddProblem = std::function<void(const toml::source_region&, std::string)>;

/// Reads and checks the tables of an option of kind streams. Empty if something in them is wrong.
std::optional<Value> read_streams(const Option& option, const toml::node& node, const AddProblem& add);

}  // namespace outboxd::config
