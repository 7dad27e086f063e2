// SPDX-License-Identifier: Apache-2.0
// The content of a layout's SQL; integration tests show that it works.
#include "outbox_table/layout.hpp"
#include "outbox_table/shape_columns.hpp"
#include "support/layout_statements.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using outboxd::outbox_table::caracal_outbox_shape;
using outboxd::outbox_table::columns_of;
using outboxd::outbox_table::event_outbox_shape;
using outboxd::outbox_table::Holds;
using outboxd::outbox_table::LayoutTerms;
using outboxd::outbox_table::make_layout;
using outboxd::outbox_table::TableShape;
using outboxd::outbox_table::wrong_type;
using outboxd::test::statements_of;

namespace {

/// A shape without any optional column.
TableShape least_shape() {
  return {.name = "least",
          .id = "my id",
          .stream = "s",
          .payload = "p",
          .attempts = "a",
          .available_at = "t",
          .published_at = "done"};
}

LayoutTerms terms() {
  return {.table = R"("app"."t")", .worker = "w"};
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> roles_of(const TableShape& shape) {
  std::vector<std::string> roles;
  for (const auto& column : columns_of(shape)) roles.push_back(column.role);
  return roles;
}

}  // namespace

TEST_CASE("layout: every shape fills every statement, and names only columns that it has") {
  for (const auto& shape : {event_outbox_shape(), caracal_outbox_shape(), least_shape()}) {
    CAPTURE(shape.name);
    for (const auto& statement : statements_of(make_layout(shape, terms()))) {
      CAPTURE(statement.name);
      CHECK(statement.sql.find_first_of("{}") == std::string::npos);
      // A missing column stands as NULL, and can't be written or compared with.
      for (const auto* wrong : {"NULL =", "o.NULL", "NULL <", "\"\""}) CHECK_FALSE(holds(statement.sql, wrong));
    }
  }
}

TEST_CASE("layout: every verb runs under the role's own search path") {
  for (const auto& shape : {event_outbox_shape(), caracal_outbox_shape(), least_shape()}) {
    for (const auto& statement : statements_of(make_layout(shape, terms()))) {
      CAPTURE(statement.name);
      // It reads catalogs alone.
      if (statement.name == "table_holders") continue;
      CHECK((statement.sql.empty() ||
             holds(statement.sql, "set_config('search_path', current_setting('outboxd.search_path'")));
    }
  }
}

TEST_CASE("layout: an id is compared by the operator of its type") {
  auto with = terms();
  with.id_equals = "OPERATOR(ext.=)";
  for (const auto& shape : {event_outbox_shape(), caracal_outbox_shape()}) {
    for (const auto& statement : statements_of(make_layout(shape, with))) {
      CAPTURE(statement.name);
      for (const auto* wrong : {"\"id\" =", "\"id\" <>"}) CHECK_FALSE(holds(statement.sql, wrong));
    }
  }
}

TEST_CASE("layout: names are quoted, and terms only appear as literals") {
  auto with = terms();
  with.worker = "o'hara\\{table}";
  with.streams = {"a'b", "{id}"};
  with.exclude_streams = {"c\\d"};
  const auto layout = make_layout(event_outbox_shape(), with);
  CHECK(holds(layout.claim, R"(E'o''hara\\{table}')"));
  CHECK(holds(layout.claim, R"(IN ('a''b', '{id}'))"));
  CHECK(holds(layout.claim, R"(NOT IN (E'c\\d'))"));
  CHECK(holds(make_layout(least_shape(), terms()).claim, R"("my id")"));
}

TEST_CASE("layout: a producer is asked for where the shape has that column") {
  auto with = terms();
  with.producer = "coordinator";
  CHECK(holds(make_layout(caracal_outbox_shape(), with).claim, R"("producer"::text = 'coordinator')"));
  CHECK(make_layout(event_outbox_shape(), with).claim == make_layout(event_outbox_shape(), terms()).claim);
}

TEST_CASE("layout: without lease columns no worker can be seen to have died, and there are no poison candidates") {
  for (const auto& shape : {caracal_outbox_shape(), least_shape()}) {
    const auto layout = make_layout(shape, terms());
    CHECK(layout.scan_leases.empty());
    CHECK(layout.release_leases.empty());
    CHECK(layout.poison_candidates.empty());
    CHECK(layout.release_orphaned_leases.empty());
  }
  CHECK_FALSE(make_layout(event_outbox_shape(), terms()).scan_leases.empty());
}

TEST_CASE("layout: types of the table's own are cast to") {
  auto with = terms();
  with.id_type = "uuid";
  with.status_type = "job_state";
  with.attempts_type = "smallint";
  const auto layout = make_layout(caracal_outbox_shape(), with);
  CHECK(holds(layout.settle, "$1::text[]::uuid[]"));
  CHECK(holds(layout.settle, "'published'::job_state"));
  CHECK(holds(layout.settle, "32766"));
}

TEST_CASE("columns: the ones that a shape has, and the type of each") {
  CHECK(roles_of(least_shape()) ==
        std::vector<std::string>{"id", "stream", "payload", "attempts", "available_at", "published_at"});
  CHECK(wrong_type(Holds::time, "timestamp with time zone", 'D').empty());
  CHECK(wrong_type(Holds::time, "timestamp without time zone", 'D') == "must be timestamptz");
  CHECK(wrong_type(Holds::whole_number, "numeric", 'N') == "must be smallint, integer or bigint");
  CHECK(wrong_type(Holds::payload, "jsonb", 'U').empty());
  CHECK(wrong_type(Holds::payload, "bytea", 'U') == "must be jsonb, json or text");
  CHECK(wrong_type(Holds::text, "character varying", 'S').empty());
  CHECK(wrong_type(Holds::text, "integer", 'N') == "must be text");
}
