// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/filter.hpp"
#include "dead_rows/table.hpp"

#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// A row that was named by its id, and is not among the dead rows of the filter.
struct NotChosen {
  std::string id{};
  /// As in outbox_table::DeadSql::outcomes; empty: the table has no such row.
  std::string state{};
};

/// Of the ids in the filter, those of which it chooses no dead row; none if it names no ids.
[[nodiscard]] std::vector<NotChosen> not_chosen(Table& table, const Filter& filter,
                                                const FilterParameters& parameters);

/// "row a is not dead: it is published".
[[nodiscard]] std::string text_of(const NotChosen& row, const std::string& table);

}  // namespace outboxd::dead_rows
