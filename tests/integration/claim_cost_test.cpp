// SPDX-License-Identifier: Apache-2.0
// The cost of a claim does not grow with the backlog: no step of its plan reads more than a window of it.
#include "outbox_table/layout.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/outbox_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>

using outboxd::outbox_table::caracal_outbox_shape;
using outboxd::outbox_table::event_outbox_shape;
using outboxd::outbox_table::Layout;
using outboxd::outbox_table::LayoutTerms;
using outboxd::outbox_table::make_layout;
using outboxd::test::Database;
using outboxd::test::new_stream;

namespace {

constexpr long kBacklog = 20'000;

std::string with_arguments(std::string sql, const std::string& limit, const std::string& from = "-infinity") {
  sql = std::regex_replace(sql, std::regex{R"(\$1::bigint)"}, limit + "::bigint");
  sql = std::regex_replace(sql, std::regex{R"(\$2::timestamptz)"}, "NULL::timestamptz");
  sql = std::regex_replace(sql, std::regex{R"(\$3::timestamptz)"}, "'" + from + "'::timestamptz");
  return std::regex_replace(sql, std::regex{R"(\$4::text\[\])"}, "'{}'::text[]");
}

/// The largest number of rows that any step of the plan returned, over all its loops.
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

/// The same, including the rows that a step filtered out.
long most_rows_looked_at(const Database& database, const std::string& sql) {
  static const std::regex kRemoved{R"(Rows Removed by Filter: (\d+))"};
  long most = most_rows(database, sql);
  for (const auto& line : database.rows("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql)) {
    std::smatch found;
    if (std::regex_search(line.at(0), found, kRemoved)) most = std::max(most, std::stol(found[1]));
  }
  return most;
}

/// The pages of tables and indexes that the statement read, without its planning.
long pages(const Database& database, const std::string& sql) {
  static const std::regex kHit{R"(Buffers: shared hit=(\d+))"};
  for (const auto& line : database.rows("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + sql)) {
    std::smatch found;
    // The number of the topmost step, which includes all others.
    if (std::regex_search(line.at(0), found, kHit)) return std::stol(found[1]);
  }
  return -1;
}

/// A time by the server's clock, a moment after all rows.
std::string now_of(const Database& database) {
  return database.scalar("SELECT (now() + interval '1 second')::text");
}

}  // namespace

TEST_CASE("beside a held snapshot a claim that begins at the mark reads no published rows") {
  struct Table {
    Database database;
    outboxd::outbox_table::TableShape shape;
    std::string publish;
  };
  const Table tables[] = {
      {outboxd::test::contract_database(), event_outbox_shape(), "UPDATE event_outbox SET dispatched_at = now()"},
      {outboxd::test::caracal_database(), caracal_outbox_shape(),
       "UPDATE caracal_outbox SET status = 'published', published_at = now()"},
  };
  outboxd::test::insert_rows(tables[0].database, "r", new_stream(), kBacklog);
  outboxd::test::insert_caracal_rows(tables[1].database, "r", new_stream(), kBacklog);
  for (const auto& [database, shape, publish] : tables) {
    CAPTURE(shape.name);
    const auto holder = database.connect();
    pqxx::nontransaction snapshot(*holder);
    outboxd::postgres::exec(snapshot, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    outboxd::postgres::exec(snapshot, "SELECT 1 FROM pg_class LIMIT 1");
    database.exec(publish);
    const auto layout = make_layout(shape, {.table = shape.name, .ctid_names_rows = true});
    CHECK(pages(database, with_arguments(layout.claim, "50")) > 500);
    CHECK(pages(database, with_arguments(layout.claim, "50", now_of(database))) < 50);
    CHECK(pages(database, with_arguments(layout.claim_window, "50", now_of(database))) < 50);
  }
}

TEST_CASE("a claim of some streams reads no rows of others, from the mark or with the stream index") {
  const auto database = outboxd::test::contract_database();
  outboxd::test::insert_rows(database, "r", "others", kBacklog);
  outboxd::test::insert_rows(database, "o", "ours", 10);
  database.exec("UPDATE event_outbox SET available_at = now() - interval '1 hour' WHERE stream_name = 'others'");
  database.exec("ANALYZE event_outbox");
  const auto ours_from =
      database.scalar("SELECT min(available_at)::text FROM event_outbox WHERE stream_name = 'ours'");
  const auto layout_of = [](const std::vector<std::string>& streams, bool indexed) {
    return make_layout(
        event_outbox_shape(),
        {.table = "event_outbox", .ctid_names_rows = true, .streams = streams, .has_stream_index = indexed});
  };
  const std::vector<std::vector<std::string>> choices{{"ours"}, {"ours", "and more"}};
  for (const auto& streams : choices) {
    const auto claim = layout_of(streams, false).claim;
    CHECK(most_rows_looked_at(database, with_arguments(claim, "50")) >= kBacklog);
    CHECK(most_rows_looked_at(database, with_arguments(claim, "50", ours_from)) < 50);
  }
  const auto migrated =
      outboxd::test::run_outboxd({"migrate", "--stream-index"}, outboxd::test::outboxd_environment(database));
  REQUIRE_MESSAGE(migrated.status == 0, migrated.err);
  for (const auto& streams : choices) {
    const auto layout = layout_of(streams, true);
    CHECK(most_rows_looked_at(database, with_arguments(layout.claim, "50")) < 50);
    const auto sweep = std::regex_replace(layout.overlooked, std::regex{R"(\$2::timestamptz)"}, "now()");
    CHECK(most_rows_looked_at(database, with_arguments(sweep, "50")) < 50);
  }
}

TEST_CASE("a claim of event_outbox reads only the rows that it claims") {
  const auto database = outboxd::test::contract_database();
  outboxd::test::insert_rows(database, "r", new_stream(), kBacklog);
  database.exec("ANALYZE event_outbox");
  const auto layout = make_layout(event_outbox_shape(), {.table = "event_outbox", .ctid_names_rows = true});
  CHECK(most_rows(database, "SELECT * FROM event_outbox") == kBacklog);
  // The bound that holds for all statements holds here, too.
  CHECK(most_rows(database, with_arguments(layout.claim, "50")) == 51);
}

TEST_CASE("a claim of caracal_outbox sorts only a window of the backlog") {
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

TEST_CASE("a claim costs no more if the backlog is newer than the statistics") {
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
