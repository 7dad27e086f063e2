// SPDX-License-Identifier: Apache-2.0
// The order of rows in their stream, the number of writes, and the bounds of streams.
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::insert_rows;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

std::vector<std::string> ids_in(const std::string& stream, const PrivateRedis& redis = shared_redis()) {
  std::vector<std::string> ids;
  for (const auto& entry : redis.probe().xrange(stream)) ids.push_back(entry.at("outbox_id"));
  return ids;
}

std::vector<std::string> column(const Database& database, const std::string& sql) {
  std::vector<std::string> values;
  for (const auto& row : database.rows(sql)) values.push_back(row[0]);
  return values;
}

/// The MAXLEN of every XADD that the server saw, "~100" or "100", by stream.
std::set<std::pair<std::string, std::string>> bounds_seen(const PrivateRedis& redis) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& record : redis.probe().command("SLOWLOG", "GET", "1000").elements) {
    const auto& words = record.elements.at(3).elements;
    if (words.at(0).text != "XADD") continue;
    CHECK(words.at(2).text == "MAXLEN");
    CHECK(words.at(5).text == "*");
    seen.emplace(words.at(1).text, words.at(3).text + words.at(4).text);
  }
  return seen;
}

}  // namespace

TEST_CASE("rows with the same time are sent by id, in one batch") {
  const auto database = contract_database();
  const auto stream = new_stream("ties");
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) SELECT 'id-' || lpad(((n * 37) %"
      " 41)::text, 2, '0'), " +
      literal(stream) + ", '{}', '2026-01-01' FROM generate_series(0, 7) AS n");
  CHECK(run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
  CHECK(ids_in(stream) == column(database, "SELECT id FROM event_outbox ORDER BY id"));
}

TEST_CASE("rows are sent by available_at, with any ids, over many batches and several streams") {
  const auto database = contract_database();
  const std::vector<std::string> streams{new_stream("order"), new_stream("order"), new_stream("order")};
  for (std::size_t i = 0; i < streams.size(); ++i) {
    database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, available_at) SELECT md5(n || '" +
                  std::to_string(i) + "'), " + literal(streams[i]) +
                  ", '{}', timestamptz '2026-01-01' + ((n * 7919) % 10007) * interval '1 second'"
                  " FROM generate_series(1, 300) AS n");
  }
  CHECK(run_outboxd({"--once", "--batch", "16"}, outboxd_environment(database)).status == 0);
  for (const auto& stream : streams) {
    const auto ids = ids_in(stream);
    CHECK(ids.size() == 300);
    CHECK(ids == column(database, "SELECT id FROM event_outbox WHERE stream_name = " + literal(stream) +
                                      " ORDER BY available_at"));
  }
}

TEST_CASE("MAXLEN ~ comes from the profile, the flag, or the stream's own setting") {
  const PrivateRedis redis({"slowlog-log-slower-than 0", "slowlog-max-len 1000"});
  const auto database = contract_database();
  const auto environment = outboxd_environment(database, redis);
  const auto seen_with = [&](const std::vector<std::string>& arguments,
                             const outboxd::test::Environment& changes = {}) {
    redis.probe().command("SLOWLOG", "RESET");
    database.exec("TRUNCATE event_outbox");
    insert_rows(database, "a", "stream-a", 3);
    insert_rows(database, "b", "stream-b", 3);
    CHECK(run_outboxd(arguments, with(environment, changes)).status == 0);
    return bounds_seen(redis);
  };
  using Seen = std::set<std::pair<std::string, std::string>>;
  CHECK(seen_with({"--once"}) == Seen{{"stream-a", "~100000"}, {"stream-b", "~100000"}});
  CHECK(seen_with({"--once", "--profile", "coordinator"}) == Seen{{"stream-a", "~100000"}, {"stream-b", "~100000"}});
  CHECK(seen_with({"--once", "--maxlen", "500"}) == Seen{{"stream-a", "~500"}, {"stream-b", "~500"}});
  CHECK(seen_with({"--once", "--stream-maxlen", "stream-b=1000000"}) ==
        Seen{{"stream-a", "~100000"}, {"stream-b", "~1000000"}});
  CHECK(seen_with({"--once"}, {{"CARACAL_OUTBOX_STREAM_MAXLEN", "77"}}) ==
        Seen{{"stream-a", "~77"}, {"stream-b", "~77"}});
  CHECK(seen_with({"--once", "--profile", "coordinator"}, {{"STREAMS_MAXLEN", "78"}}) ==
        Seen{{"stream-a", "~78"}, {"stream-b", "~78"}});
}

TEST_CASE("a bounded stream keeps its newest entries, another stream all of them") {
  const auto database = contract_database();
  const auto bounded = new_stream("bounded");
  const auto whole = new_stream("whole");
  insert_rows(database, "a", bounded, 2000);
  insert_rows(database, "b", whole, 2000);
  CHECK(run_outboxd({"--once", "--batch", "500", "--stream-maxlen", bounded + "=100"}, outboxd_environment(database))
            .status == 0);
  const auto kept = ids_in(bounded);
  CHECK(kept.size() >= 100);
  // With "~" Redis may keep the rest of a node beyond the bound.
  CHECK(kept.size() <= 300);
  REQUIRE(!kept.empty());
  CHECK(kept.back() == "a002000");
  CHECK(ids_in(whole).size() == 2000);
}

TEST_CASE("a batch goes to Redis in one pipelined write") {
  const PrivateRedis redis;
  const auto database = contract_database();
  insert_rows(database, "a", "stream", 1000);
  // Redis counts each read of a client's socket with commands as one event.
  const auto ended = run_outboxd({"--once", "--batch", "500"}, outboxd_environment(database, redis));
  CHECK(ended.status == 0);
  const auto stats = redis.probe().command("INFO", "stats").text;
  const auto number = [&](const std::string& name) {
    const auto at = stats.find(name + ":");
    return at == std::string::npos ? -1 : std::stoi(stats.substr(at + name.size() + 1));
  };
  CHECK(number("total_commands_processed") >= 1000);
  // With one read for each command there would be a thousand.
  CHECK(number("total_reads_processed") < 200);
}

TEST_CASE("a row that commits late, with an earlier time than claimed rows, does not wait for the backlog") {
  const auto database = contract_database();
  insert_rows(database, "a", "s", 60'000);
  const auto writer = database.connect();
  pqxx::work transaction(*writer);
  transaction.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) VALUES ('late', 's', '{}', now() - "
      "interval '1 day')");
  // A backlog of half a minute.
  const auto outboxd = start_outboxd({"run", "--max-rate", "2000"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") > 1'000; });
  transaction.commit();
  wait_until([&] { return count_rows(database, "id = 'late' AND dispatched_at IS NOT NULL") == 1; },
             std::chrono::seconds(5), "the late row to be published");
  CHECK(count_rows(database, "dispatched_at IS NULL") > 0);
}
