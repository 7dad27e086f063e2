// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/toml_library.hpp"

#include <string>

namespace outboxd::config {

/// A node's type, for messages.
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

}  // namespace outboxd::config
