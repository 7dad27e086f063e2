// SPDX-License-Identifier: Apache-2.0
// Rows that are too large, take long to render, or have very long names: they are dead with the reason, and affect
// neither their neighbours nor the process.
#include "support/caracal_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// The differences of the two tables.
struct Kind {
  std::string table;
  std::string stream_column;
  std::string dead;
  std::string done;

  [[nodiscard]] Database database() const { return is_api() ? contract_database() : caracal_database(); }
  /// Rows `prefix1` to `prefixCOUNT`; the values are SQL, in which n is the row's number.
  void insert(const Database& database, const std::string& prefix, const std::string& stream,
              const std::string& payload, int count, const std::string& id = "''") const {
    const std::string columns = is_api() ? "" : ", producer, dedupe_key";
    const std::string values = is_api() ? "" : ", 'coordinator', 'key-" + prefix + "' || n";
    database.exec("INSERT INTO " + table + " (id, payload_json, " + stream_column + columns + ") SELECT '" + prefix +
                  "' || n || " + id + ", " + payload + ", " + stream + values + " FROM generate_series(1, " +
                  std::to_string(count) + ") AS n");
  }
  [[nodiscard]] std::int64_t count(const Database& database, const std::string& condition) const {
    return std::stoll(database.scalar("SELECT count(*) FROM " + table + " WHERE " + condition));
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
    return is_api() ? words : for_caracal_table(std::move(words));
  }
  /// If the table has no column for the reason, it is in the log.
  [[nodiscard]] bool tells(const Database& database, const std::string& log, const std::string& id_prefix,
                           const std::string& reason) const {
    if (!is_api()) return contains(log, reason);
    return count(database, "left(id, 1) = '" + id_prefix + "' AND last_error LIKE '%" + reason + "%'") > 0;
  }
  /// Replaces the contract's table by a partitioned one without an index on ids.
  void partition(const Database& database) const {
    database.exec("ALTER TABLE " + table + " RENAME TO plain; CREATE TABLE " + table +
                  " (LIKE plain INCLUDING DEFAULTS) PARTITION BY RANGE (created_at); DROP TABLE plain; "
                  "CREATE TABLE only_one PARTITION OF " +
                  table + " DEFAULT; CREATE INDEX ON " + table + " (available_at)");
  }

 private:
  [[nodiscard]] bool is_api() const { return table == "event_outbox"; }
};

const std::vector<Kind> kKinds{
    {"event_outbox", "stream_name", "dispatched_at IS NULL AND available_at = 'infinity'",
     "dispatched_at IS NOT NULL"},
    {"caracal_outbox", "topic", "status = 'dead'", "status = 'published'"},
};

constexpr const char* kSmall = "jsonb_build_object('n', n)";

}  // namespace

TEST_CASE("a payload over the limit is never rendered, which could take long, and its neighbours are published") {
  // Each byte becomes six in the text, which takes Postgres 0.1 s for each megabyte.
  const std::vector<std::string> payloads{
      "jsonb_build_object('t', repeat(E'\\x01', 60000000))",
      "jsonb_build_object('t', repeat(E'\\x01', 30000000))",
      "jsonb_build_object('t', jsonb_build_array(1, repeat(E'\\x01', 60000000)))",
      "jsonb_build_array(repeat(E'\\x01', 60000000))",
      "to_jsonb(repeat(E'\\x01', 60000000))",
  };
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto stream = new_stream();
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      kind.insert(database, "large" + std::to_string(i) + "-", literal(new_stream()), payloads[i], 1);
    }
    kind.insert(database, "small", literal(stream), kSmall, 50);
    const auto ended =
        run_outboxd(kind.command({"--once", "--postgres-statement-timeout", "5s"}), outboxd_environment(database));
    CHECK_MESSAGE(kind.count(database, kind.dead) == 5, ended.err);
    CHECK(kind.count(database, kind.done) == 50);
    CHECK(published(shared_redis().probe(), stream).each_once(50));
    CHECK_MESSAGE(kind.tells(database, ended.err, "l", "over the limit of 16777216"), ended.err);
    CHECK(contains(ended.err, "is dead"));
  }
}

TEST_CASE("the limit is for the text: a payload that is larger as jsonb is published") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto stream = new_stream();
    // 60 kB as text, 240 kB as jsonb; and the other way round, 6 kB as jsonb, 36 kB as text, and 131 kB of 12 bytes.
    kind.insert(database, "a", literal(stream),
                "(SELECT jsonb_build_object('ones', jsonb_agg(1)) FROM generate_series(1, 20000))", 1);
    kind.insert(database, "b", literal(stream), "jsonb_build_object('t', repeat(E'\\x01', 6000))", 1);
    kind.insert(database, "c", literal(stream), "jsonb_build_object('number', 1e131000)", 1);
    kind.insert(database, "d", literal(stream), "'null'::jsonb", 1);
    const auto ended =
        run_outboxd(kind.command({"--once", "--max-payload-bytes", "100KiB"}), outboxd_environment(database));
    CHECK_MESSAGE(kind.count(database, kind.done) == 2, ended.err);
    CHECK(kind.count(database, kind.dead) == 2);
    CHECK_MESSAGE(kind.tells(database, ended.err, "c", "payload is 131013 bytes"), ended.err);
    const auto entries = shared_redis().probe().xrange(stream);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].at("ones").size() == 40'001);
    CHECK(entries[1].at("t") == std::string(6'000, '\x01'));
  }
}

TEST_CASE("rows with names over 4 KiB are dead, and the names are shortened in Postgres") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto stream = new_stream();
    // If the column has an index, longer names can't be inserted.
    kind.insert(database, "s", "repeat('s', 100000)", kSmall, 1);
    kind.insert(database, "t", "repeat('t', 4097)", kSmall, 1);
    kind.insert(database, "i", literal(stream), kSmall, 1, "repeat('i', 100000)");
    kind.insert(database, "j", literal(stream), kSmall, 1, "repeat('j', 4094)");
    kind.insert(database, "small", literal(stream), kSmall, 50);
    const auto ended = run_outboxd(kind.command({"--once"}), outboxd_environment(database));
    CHECK_MESSAGE(kind.count(database, kind.dead) == 3, ended.err);
    CHECK(once_counts(ended.out).dead == 3);
    CHECK(once_counts(ended.out).add_up());
    CHECK(published(shared_redis().probe(), stream).each_once(51));
    CHECK_MESSAGE(kind.tells(database, ended.err, "s", "stream name is 100000 bytes, over the limit of 4096"),
                  ended.err);
    CHECK_MESSAGE(kind.tells(database, ended.err, "i", "id is 100002 bytes, over the limit of 4096"), ended.err);
    CHECK(contains(ended.err, "id is 100002 bytes"));
    CHECK(ended.err.size() < 20'000);
    CHECK(kind.count(database, kind.dead + " AND attempts <> 1") == 0);
  }
}

TEST_CASE("a row with a dedupe key over 4 KiB is dead") {
  const auto database = caracal_database();
  const auto stream = new_stream();
  insert_caracal_row(database, "a", stream, "{}");
  database.exec("UPDATE caracal_outbox SET dedupe_key = repeat('k', 100000)");
  insert_caracal_row(database, "b", stream, "{}");
  const auto ended = run_outboxd(for_caracal_table({"--once"}), outboxd_environment(database));
  CHECK(contains(ended.err, "dedupe_key is 100000 bytes, over the limit of 4096"));
  CHECK(count_caracal_rows(database, "id = 'a' AND status = 'dead'") == 1);
  CHECK(published(shared_redis().probe(), stream).each_once(1));
}

TEST_CASE("ids of 60 MB in tables without an index on ids, plain and partitioned") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    kind.partition(database);
    const auto stream = new_stream();
    kind.insert(database, "i", literal(stream), kSmall, 8, "repeat('i', 60000000)");
    kind.insert(database, "small", literal(stream), kSmall, 50);
    const auto ended = run_outboxd(kind.command({"--once"}), outboxd_environment(database));
    CHECK_MESSAGE(kind.count(database, kind.dead) == 8, ended.err);
    CHECK(published(shared_redis().probe(), stream).each_once(50));
    CHECK_MESSAGE(kind.tells(database, ended.err, "i", "over the limit of 4096"), ended.err);
    CHECK(contains(ended.err, "id is 60000002 bytes"));
    CHECK(ended.err.size() < 20'000);
  }
}

TEST_CASE("names of many megabytes don't end the process" * doctest::skip(outboxd_is_sanitized())) {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    // Without the contract's indexes, which bound the length of a topic.
    kind.partition(database);
    const auto stream = new_stream();
    kind.insert(database, "s", "repeat('s', 60000000)", kSmall, 4);
    kind.insert(database, "t", "repeat('t', 8000000)", kSmall, 28);
    kind.insert(database, "small", literal(stream), kSmall, 50);
    // A daemon with its threads takes half of it before any row is claimed.
    std::vector<std::string> command{"/bin/sh", "-c", R"(ulimit -v 409600 && exec "$0" "$@")", outboxd_program()};
    for (const auto& word : kind.command({"run"})) command.push_back(word);
    Child starved({.command = command, .environment = outboxd_environment(database)});
    wait_until([&] { return !starved.running() || kind.count(database, kind.done) == 50; });
    CHECK_MESSAGE(starved.running(), starved.err());
    wait_until([&] { return kind.count(database, kind.dead) == 32; });
    CHECK(published(shared_redis().probe(), stream).each_once(50));
    CHECK(contains(starved.err(), "stream name is 60000000 bytes"));
    CHECK(starved.err().size() < 20'000);
  }
}

TEST_CASE("names count against the bytes of a batch") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto stream = new_stream();
    kind.insert(database, "j", literal(stream), kSmall, 32, "repeat('j', 4000)");
    const auto ended = run_outboxd(kind.command({"--once", "--batch-bytes", "16KiB", "--log-level", "debug"}),
                                   outboxd_environment(database));
    CHECK_MESSAGE(ended.status == 0, ended.err);
    CHECK(published(shared_redis().probe(), stream).each_once(32));
    CHECK(kind.count(database, "attempts = 1") == 32);
  }
}
