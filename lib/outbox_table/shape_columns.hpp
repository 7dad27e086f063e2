// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/table_shape.hpp"

#include <string>
#include <vector>

namespace outboxd::outbox_table {

/// The kind of values that a column has to hold.
enum class Holds { anything, text, payload, whole_number, time };

/// A column that a shape's statements read or write.
struct ShapeColumn {
  /// Its role in the shape, e.g. "locked_until".
  std::string role;
  std::string name;
  Holds holds = Holds::anything;
  bool written = false;
  bool set_to_null = false;
};

/// All columns of the shape.
[[nodiscard]] std::vector<ShapeColumn> columns_of(const TableShape& shape);

/// Why a column of this SQL type (as the catalog prints it, with its one-letter category) is unsuitable; empty if it
/// is suitable.
[[nodiscard]] std::string wrong_type(Holds holds, const std::string& type, char category);

}  // namespace outboxd::outbox_table
