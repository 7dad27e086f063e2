// SPDX-License-Identifier: Apache-2.0
// layout = "caracal_outbox": the Coordinator's table, which has no lease columns.
#include "support/caracal_table.hpp"
#include "support/published.hpp"
#include "support/signature.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

Finished once(const Database& database, const std::vector<std::string>& flags = {},
              const PrivateRedis& redis = shared_redis()) {
  auto words = for_caracal_table({"--once"});
  words.insert(words.end(), flags.begin(), flags.end());
  return run_outboxd(words, outboxd_environment(database, redis));
}

/// Creates a key of that name that is no stream, so that Redis refuses every XADD to it.
std::string refused_topic() {
  auto topic = new_stream("caracal-refused");
  shared_redis().probe().command("SET", topic, "a string");
  return topic;
}

}  // namespace

TEST_CASE("dedupe_key is the second field, null becomes the text null, and the signature covers both") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  insert_caracal_row(
      database, "a", topic,
      R"({"text": "ä\n", "big": 9007199254740993, "price": 1.10, "on": false, "gone": null,)"
      R"( "nested": {"b": [1, null], "a": 2}, "outbox_id": "mine", "dedupe_key": "mine", "_sig": "x"})");
  insert_caracal_row(database, "b", topic, "{}");
  const auto ended = once(database);
  CHECK_MESSAGE(ended.status == 0, ended.err);
  const auto entries = shared_redis().probe().xrange(topic);
  REQUIRE(entries.size() == 2);
  auto fields = entries[0].fields;
  REQUIRE(fields.size() == 9);
  CHECK(fields[0] == std::pair<std::string, std::string>{"outbox_id", "a"});
  CHECK(fields[1] == std::pair<std::string, std::string>{"dedupe_key", "key-a"});
  // The payload's own fields in the order that Postgres prints: shorter names first.
  const decltype(fields) payload{{"on", "false"}, {"big", "9007199254740993"}, {"gone", "null"},
                                 {"text", "ä\n"}, {"price", "1.10"},           {"nested", R"({"a":2,"b":[1,null]})"}};
  CHECK(decltype(fields)(fields.begin() + 2, fields.end() - 1) == payload);
  CHECK(fields[8] == std::pair<std::string, std::string>{"_sig", expected_signature(topic, fields)});
  CHECK(entries[1].fields.size() == 3);
  CHECK(published(shared_redis().probe(), topic).each_once(2));
}

TEST_CASE("rows of the other producer, rows due later, published and dead rows are not claimed") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  for (const char* id : {"api", "later", "published", "dead", "due", "retried"}) {
    insert_caracal_row(database, id, topic, "{}");
  }
  database.exec(
      "UPDATE caracal_outbox SET producer = 'api' WHERE id = 'api';"
      "UPDATE caracal_outbox SET available_at = now() + interval '1 hour' WHERE id = 'later';"
      "UPDATE caracal_outbox SET status = id WHERE id IN ('published', 'dead');"
      "UPDATE caracal_outbox SET attempts = 3 WHERE id = 'retried'");
  const std::string others = "SELECT * FROM caracal_outbox WHERE id NOT IN ('due', 'retried') ORDER BY id";
  const auto before = database.rows(others);
  const auto ended = once(database);
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(once_counts(ended.out).claimed == 2);
  CHECK(database.rows(others) == before);
  CHECK(published(shared_redis().probe(), topic).distinct == std::set<std::string>{"due", "retried"});
}

TEST_CASE("the API's rows of the same table, by the API's tuning") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  insert_caracal_rows(database, "a", topic, 10);
  database.exec("UPDATE caracal_outbox SET producer = 'api' WHERE id <= 'a000004'");
  const auto ended =
      run_outboxd({"--once", "--layout", "caracal_outbox", "--producer", "api"}, outboxd_environment(database));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(published(shared_redis().probe(), topic).each_once(4));
  CHECK(count_caracal_rows(database, "producer = 'coordinator' AND status = 'pending' AND attempts = 0") == 6);
}

TEST_CASE("rows are sent in created_at order, also across batches and with any available_at") {
  for (const std::string batch : {"1000", "7"}) {
    const auto database = caracal_database();
    const auto topic = new_stream("caracal");
    insert_caracal_rows(database, "a", topic, 60);
    // Created in the reverse order of their ids; every third was delayed meanwhile, and is due again.
    database.exec(
        "UPDATE caracal_outbox SET created_at = now() - (payload_json->>'n')::int * interval '1 minute';"
        "UPDATE caracal_outbox SET available_at = CASE WHEN (payload_json->>'n')::int % 3 = 0"
        " THEN now() - interval '1 s' ELSE created_at END");
    CHECK(once(database, {"--batch", batch}).status == 0);
    const auto found = published(shared_redis().probe(), topic);
    CHECK(found.each_once(60));
    CHECK(std::ranges::is_sorted(found.ids, std::greater<>{}));
  }
}

TEST_CASE("publishing a row changes status, attempts and both timestamps only") {
  const auto database = caracal_database();
  insert_caracal_rows(database, "a", new_stream("caracal"), 100);
  database.exec("UPDATE caracal_outbox SET updated_at = '2020-01-01', attempts = 2 WHERE id = 'a000001'");
  const std::string untouched =
      "SELECT id, producer, topic, dedupe_key, payload_json, created_at FROM caracal_outbox ORDER BY id";
  const auto before = database.rows(untouched);
  CHECK(once_counts(once(database).out).published == 100);
  CHECK(database.rows(untouched) == before);
  CHECK(count_caracal_rows(database,
                           "status = 'published' AND published_at > now() - interval '1 minute' AND"
                           " updated_at >= published_at AND published_at >= created_at") == 100);
  CHECK(count_caracal_rows(database, "attempts = 1") == 99);
  CHECK(count_caracal_rows(database, "attempts = 3 AND id = 'a000001'") == 1);
}

TEST_CASE("SELECT, and UPDATE on the written columns, are enough, and nothing is added to the table") {
  const auto database = caracal_database();
  insert_caracal_rows(database, "a", new_stream("caracal"), 10);
  insert_caracal_row(database, "dead", new_stream("caracal"), "[]");
  const auto role = "caracal_worker_" + database.name;
  database.exec("CREATE ROLE " + role +
                " LOGIN; GRANT SELECT, UPDATE (status, attempts, available_at, published_at," +
                " updated_at) ON caracal_outbox TO " + role);
  const std::string schema =
      "SELECT oid, relname, relfilenode, relnatts, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace"
      " UNION ALL SELECT oid, tgname, 0, 0, NULL FROM pg_trigger UNION ALL SELECT oid, proname, 0, 0, NULL FROM"
      " pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1";
  const auto before = database.rows(schema);
  const auto ended = run_outboxd(
      for_caracal_table({"--once"}),
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  CHECK_MESSAGE(ended.status == 1, ended.err);
  CHECK(count_caracal_rows(database, "status = 'published'") == 10);
  CHECK(count_caracal_rows(database, "status = 'dead'") == 1);
  CHECK(database.rows(schema) == before);
}

TEST_CASE("a missing column or right is named, before any row is touched") {
  const auto database = caracal_database();
  insert_caracal_row(database, "a", new_stream("caracal"), "{}");
  const auto role = "caracal_reader_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE (status, attempts, available_at, updated_at)" +
                " ON caracal_outbox TO " + role);
  const auto refused = run_outboxd(
      for_caracal_table({"--once"}),
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  CHECK(refused.status == 2);
  CHECK_MESSAGE(contains(refused.err, "published_at"), refused.err);
  database.exec("ALTER TABLE caracal_outbox DROP COLUMN dedupe_key");
  const auto lacking = once(database);
  CHECK(lacking.status == 2);
  CHECK_MESSAGE(contains(lacking.err, "dedupe_key"), lacking.err);
  CHECK(count_caracal_rows(database, "status = 'pending' AND attempts = 0 AND available_at = created_at") == 1);
}

TEST_CASE("two daemons on one table publish 5,000 rows, each once") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  insert_caracal_rows(database, "a", topic, 5000);
  const auto environment = outboxd_environment(database);
  // Both are paused at their start, so that neither is done before the other begins.
  const auto starter = database.connect();
  pqxx::work lock(*starter);
  lock.exec("LOCK TABLE caracal_outbox IN ACCESS EXCLUSIVE MODE");
  const auto first = start_outboxd(for_caracal_table({"--once"}), environment);
  const auto second = start_outboxd(for_caracal_table({"--once"}), environment);
  wait_until([&] {
    return database.scalar(
               "SELECT count(DISTINCT pid) >= 2 FROM pg_stat_activity WHERE datname = current_database() AND"
               " wait_event_type = 'Lock'") == "t";
  });
  lock.abort();
  CHECK(first->wait(std::chrono::seconds(90)) == 0);
  CHECK(second->wait(std::chrono::seconds(90)) == 0);
  const auto counts = once_counts(first->out());
  const auto more = once_counts(second->out());
  CHECK(counts.published > 0);
  CHECK(more.published > 0);
  CHECK(counts.published + more.published == 5000);
  CHECK(counts.add_up());
  CHECK(more.add_up());
  CHECK(published(shared_redis().probe(), topic).each_once(5000));
  CHECK(count_caracal_rows(database, "status <> 'published' OR attempts <> 1") == 0);
}

TEST_CASE("--once: the status is 1 after a failure or a dead row; a row with another's lease is not waited for") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  insert_caracal_row(database, "good", topic, "{}");
  insert_caracal_row(database, "leased", topic, "{}");
  database.exec("UPDATE caracal_outbox SET available_at = now() + interval '1 hour' WHERE id = 'leased'");
  insert_caracal_row(database, "refused", refused_topic(), "{}");
  insert_caracal_row(database, "unsendable", topic, "[1]");
  const auto ended = once(database);
  CHECK(ended.status == 1);
  const auto counts = once_counts(ended.out);
  CHECK(counts.published == 1);
  CHECK(counts.retried == 0);
  CHECK(counts.released >= 1);
  CHECK(counts.dead == 1);
  CHECK(counts.add_up());
  // The table has no column for the reason, so the log has it.
  CHECK_MESSAGE(contains(ended.err, "unsendable"), ended.err);
  CHECK_MESSAGE(contains(ended.err, "object"), ended.err);
  CHECK(database.rows("SELECT id, status, attempts, published_at FROM caracal_outbox WHERE id IN ('refused',"
                      " 'unsendable', 'leased') ORDER BY id") == Rows{{"leased", "pending", "0", "NULL"},
                                                                      {"refused", "pending", "0", "NULL"},
                                                                      {"unsendable", "dead", "1", "NULL"}});
}

TEST_CASE("a dead row that is requeued as the contract says is published") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  insert_caracal_row(database, "a", topic, "[]");
  CHECK(once_counts(once(database).out).dead == 1);
  database.exec(
      "UPDATE caracal_outbox SET payload_json = '{}', status = 'pending', attempts = 0, available_at = now(),"
      " published_at = NULL");
  CHECK(once_counts(once(database).out).published == 1);
  CHECK(published(shared_redis().probe(), topic).each_once(1));
}
