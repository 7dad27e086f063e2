// SPDX-License-Identifier: Apache-2.0
// Several outboxd processes on one table: every row arrives exactly once.
#include "support/older_dispatcher.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <set>

using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::occurrences;
using outboxd::test::OlderDispatcher;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;

namespace {

/// The ids in a stream; a repeated one is a failure.
std::set<std::string> distinct_ids(const std::string& stream) {
  std::set<std::string> ids;
  for (const auto& entry : shared_redis().probe().xrange(stream)) {
    const bool is_new = ids.insert(entry.at("outbox_id")).second;
    if (!is_new) FAIL_CHECK(entry.at("outbox_id") << " is in " << stream << " twice");
  }
  return ids;
}

constexpr auto kDeadline = std::chrono::seconds(90);

}  // namespace

TEST_CASE("two equal dispatchers drain 20,000 rows of one table together") {
  const auto database = contract_database();
  const std::vector<std::string> streams{new_stream("shared"), new_stream("shared"), new_stream("shared"),
                                         new_stream("shared")};
  for (const auto& stream : streams) insert_rows(database, stream + "-", stream, 5000);
  const auto environment = outboxd_environment(database);
  // Both are paused at their first claim, so that neither is done before the other begins.
  const auto starter = database.connect();
  pqxx::work lock(*starter);
  lock.exec("LOCK TABLE event_outbox IN ACCESS EXCLUSIVE MODE");
  const auto first = start_outboxd({"--once", "--batch", "100"}, environment);
  const auto second = start_outboxd({"--once", "--batch", "100"}, environment);
  wait_until([&] {
    return database.scalar(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
               " wait_event_type = 'Lock' AND query LIKE '%SKIP LOCKED%'") == "2";
  });
  lock.abort();
  CHECK(first->wait(kDeadline) == 0);
  CHECK(second->wait(kDeadline) == 0);
  const auto counts = once_counts(first->out());
  const auto more = once_counts(second->out());
  // Both must have published rows; otherwise the test proves nothing about sharing.
  CHECK(counts.published > 0);
  CHECK(more.published > 0);
  CHECK(counts.published + more.published == 20000);
  CHECK(counts.add_up());
  CHECK(more.add_up());
  for (const auto& stream : streams) CHECK(distinct_ids(stream).size() == 5000);
  CHECK(count_rows(database, "dispatched_at IS NULL OR attempts <> 1 OR locked_until IS NOT NULL") == 0);
  CHECK(database.scalar("SELECT count(DISTINCT locked_by) FROM event_outbox") == "2");
}

TEST_CASE("both profiles share one table, told apart by their streams") {
  const auto database = contract_database();
  const auto policy = new_stream("policy");
  const auto keys = new_stream("keys");
  const auto sessions = new_stream("sessions");
  const auto nobodys = new_stream("nobodys");
  for (const auto& stream : {policy, keys, sessions, nobodys}) insert_rows(database, stream + "-", stream, 300);
  const auto environment = outboxd_environment(database);
  const auto api = start_outboxd({"run", "--profile", "api", "--streams", policy + "," + keys}, environment);
  const auto coordinator = start_outboxd({"run", "--profile", "coordinator", "--streams", sessions}, environment);
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") >= 900; }, kDeadline);
  // They publish later rows, too.
  for (const auto& stream : {policy, keys, sessions, nobodys}) insert_rows(database, "late-" + stream, stream, 10);
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") >= 930; }, kDeadline);
  for (const auto& outboxd : {api.get(), coordinator.get()}) {
    outboxd->signal(SIGTERM);
    CHECK(outboxd->wait() == 0);
    CHECK(occurrences(outboxd->err(), "ended: claimed ") == 1);
  }
  for (const auto& stream : {policy, keys, sessions}) CHECK(distinct_ids(stream).size() == 310);
  CHECK(shared_redis().probe().xlen(nobodys) == 0);
  CHECK(count_rows(database, "stream_name = '" + nobodys + "' AND attempts = 0 AND locked_by IS NULL") == 310);
  // Each stream had one worker, and the two workers were different.
  CHECK(database.scalar("SELECT count(DISTINCT (stream_name = '" + sessions +
                        "', locked_by)) || ' ' ||"
                        " count(DISTINCT locked_by) FROM event_outbox WHERE dispatched_at IS NOT NULL") == "2 2");
}

TEST_CASE("an older dispatcher that works by the same rules can share the table") {
  const auto database = contract_database();
  const auto stream = new_stream("older");
  insert_rows(database, "row-", stream, 2000);
  const auto outboxd = start_outboxd({"run"}, outboxd_environment(database));
  OlderDispatcher older(database, shared_redis(), 5);
  int published = 0;
  wait_until(
      [&] {
        published += older.turn();
        return count_rows(database, "dispatched_at IS NULL") == 0;
      },
      kDeadline, "both to drain the table");
  CHECK(published > 0);
  CHECK(published < 2000);
  CHECK(distinct_ids(stream).size() == 2000);
  CHECK(count_rows(database, "attempts <> 1") == 0);
  CHECK(count_rows(database, "locked_by = 'older'") == published);
}
