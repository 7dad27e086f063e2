// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/origin.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

enum class TomlType { string, integer, floating, boolean, date_time, array, table };

/// A TOML value apart from the library that read it. Children are in the order of the file.
struct TomlNode {
  TomlType type = TomlType::table;
  /// Its key in the table above; empty for the elements of an array.
  std::string key;
  std::uint32_t key_line = 0;
  std::uint32_t key_column = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  /// Of a string.
  std::string text;
  /// Of an integer.
  std::int64_t integer = 0;
  std::vector<TomlNode> children;
};

/// "a string", "an integer", … for messages.
const char* describe(TomlType type);

/// The file's table, or a problem at the first syntax error; the problem never quotes a value.
std::optional<TomlNode> read_toml(std::string_view text, const std::string& file, Problems& problems);

}  // namespace outboxd::config
