// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// Dead rows of one stream with one kind of error.
struct Group {
  std::string stream;
  /// The error with "#" for each number and id; empty: the rows have none.
  std::optional<std::string> kind{};
  std::uint64_t rows = 0;
  /// Empty if the table has no column for a time.
  std::string oldest{};
  std::string newest{};
  /// The id of one of the rows.
  std::string example{};
};

/// The dead rows of one dispatcher's table.
struct Groups {
  std::string dispatcher{};
  std::string table{};
  /// The column of `oldest` and `newest`.
  std::string time_column{};
  /// The layout has a column for errors.
  bool has_errors = true;
  /// The largest ones.
  std::vector<Group> groups{};
  /// Of all groups, those included that are not listed.
  std::uint64_t all_rows = 0;
  std::uint64_t all_groups = 0;
};

/// At most a thousand groups, however many errors there are.
[[nodiscard]] Groups list(Table& table, const FilterParameters& filter);

/// A table of at most `width` columns; 0: of any width.
[[nodiscard]] std::string text_of(const Groups& groups, std::size_t width);
/// One line; the names of its fields are documented in deploy/README.md.
[[nodiscard]] std::string json_of(const Groups& groups);

}  // namespace outboxd::dead_rows
