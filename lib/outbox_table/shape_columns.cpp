// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/shape_columns.hpp"

#include <algorithm>

namespace outboxd::outbox_table {
namespace {

// pg_type.typcategory (PostgreSQL manual, "pg_type").
constexpr char kStrings = 'S';
constexpr char kEnums = 'E';

}  // namespace

std::vector<ShapeColumn> columns_of(const TableShape& shape) {
  const bool published_at_is_the_state = !shape.has_status();
  std::vector<ShapeColumn> columns{
      {"id", shape.id},
      {"stream", shape.stream, Holds::text},
      {"payload", shape.payload, Holds::payload},
      {"created_at", shape.created_at, Holds::time},
      {"attempts", shape.attempts, Holds::whole_number, true},
      {"available_at", shape.available_at, Holds::time, true},
      {"locked_until", shape.locked_until, Holds::time, true, true},
      {"locked_by", shape.locked_by, Holds::text, true},
      {"last_error", shape.last_error, Holds::text, true, true},
      {"published_at", shape.published_at, Holds::time, true, published_at_is_the_state},
      {"updated_at", shape.updated_at, Holds::time, true},
      {"status", shape.status, Holds::anything, true},
      {"dedupe_key", shape.dedupe_key},
      {"producer", shape.producer},
  };
  std::erase_if(columns, [](const ShapeColumn& column) { return column.name.empty(); });
  return columns;
}

std::string wrong_type(Holds holds, const std::string& type, char category) {
  const bool text = category == kStrings;
  switch (holds) {
    case Holds::anything:
      return {};
    case Holds::text:
      return text || category == kEnums ? "" : "must be text";
    case Holds::payload:
      return text || type == "json" || type == "jsonb" ? "" : "must be jsonb, json or text";
    case Holds::whole_number:
      return type == "smallint" || type == "integer" || type == "bigint" ? "" : "must be smallint, integer or bigint";
    case Holds::time:
      return type == "timestamp with time zone" ? "" : "must be timestamptz";
  }
  return {};
}

}  // namespace outboxd::outbox_table
