// SPDX-License-Identifier: Apache-2.0
// What a claim costs does not grow with the backlog: no step of its plan sees more than a window of it.
#include "postgres/layout.hpp"
#include "support/caracal_table.hpp"
#include "support/outbox_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>

using outboxd::postgres::caracal_outbox_shape;
using outboxd::postgres::event_outbox_shape;
using outboxd::postgres::Layout;
using outboxd::postgres::LayoutTerms;
using outboxd::postgres::make_layout;
using outboxd::test::Database;
using outboxd::test::new_stream;

namespace {

constexpr long kBacklog = 20'000;

std::string with_arguments(std::string sql, const std::string& limit) {
  sql = std::regex_replace(sql, std::regex{R"(\$1::bigint)"}, limit + "::bigint");
  return std::regex_replace(sql, std::regex{R"(\$2::timestamptz)"}, "NULL::timestamptz");
}

/// The most rows that any step of the plan gave, over all its loops.
long most_rows(const Database& database, const std::string& sql) {
  static const std::regex kActual{R"(actual rows=(\d+)(?:\.\d+)? loops=(\d+))"};
  long most = 0;
  for (const auto& line : database.rows("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql)) {
    std::smatch found;
    if (!std::regex_search(line.at(0), found, kActual)) continue;
    most = std::max(most, std::stol(found[1]) * std::stol(found[2]));
  }
  return most;
}

/// The same, with those that a step looked at and left out.
long most_rows_looked_at(const Database& database, const std::string& sql) {
  static const std::regex kRemoved{R"(Rows Removed by Filter: (\d+))"};
  long most = most_rows(database, sql);
  for (const auto& line : database.rows("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql)) {
    std::smatch found;
    if (std::regex_search(line.at(0), found, kRemoved)) most = std::max(most, std::stol(found[1]));
  }
  return most;
}

}  // namespace

TEST_CASE("a claim of event_outbox looks at the rows that it takes") {
  const auto database = outboxd::test::contract_database();
  outboxd::test::insert_rows(database, "r", new_stream(), kBacklog);
  database.exec("ANALYZE event_outbox");
  const auto layout = make_layout(event_outbox_shape(), {.table = "event_outbox", .ctid_names_rows = true});
  CHECK(most_rows(database, "SELECT * FROM event_outbox") == kBacklog);
  // The line that holds for all of them, too.
  CHECK(most_rows(database, with_arguments(layout.claim, "50")) == 51);
}

TEST_CASE("a claim of caracal_outbox sorts a window of the backlog, not all of it") {
  const auto database = outboxd::test::caracal_database();
  outboxd::test::insert_caracal_rows(database, "r", new_stream(), kBacklog);
  database.exec("ANALYZE caracal_outbox");
  for (const bool plain : {true, false}) {
    CAPTURE(plain);
    const auto layout = make_layout(caracal_outbox_shape(),
                                    {.table = "caracal_outbox", .ctid_names_rows = plain, .producer = "coordinator"});
    CHECK(most_rows(database, with_arguments(layout.claim, "50")) == 256);
  }
}

TEST_CASE("a backlog that came after the last statistics costs no more") {
  const auto database = outboxd::test::caracal_database();
  database.exec("ALTER TABLE caracal_outbox SET (autovacuum_enabled = off)");
  outboxd::test::insert_caracal_rows(database, "old", new_stream(), kBacklog);
  database.exec("UPDATE caracal_outbox SET status = 'published', published_at = now()");
  database.exec("ANALYZE caracal_outbox");
  outboxd::test::insert_caracal_rows(database, "new", new_stream(), kBacklog);
  for (const bool plain : {true, false}) {
    CAPTURE(plain);
    const auto layout = make_layout(caracal_outbox_shape(),
                                    {.table = "caracal_outbox", .ctid_names_rows = plain, .producer = "coordinator"});
    CHECK(most_rows_looked_at(database, with_arguments(layout.claim, "50")) <= 256);
  }
}
