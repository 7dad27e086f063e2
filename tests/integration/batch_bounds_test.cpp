// SPDX-License-Identifier: Apache-2.0
// The bounds of a batch: rows, bytes, growth while a backlog is drained, and the maximal rate.
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <regex>

using outboxd::test::contract_database;
using outboxd::test::count_caracal_rows;
using outboxd::test::count_rows;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::new_stream;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::published;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;

namespace {

/// The number of claimed batches, from the metrics.
int batches(std::uint16_t port) {
  static const std::regex kCount{R"(outboxd_batch_rows_count\{dispatcher="outbox"\} (\d+))"};
  const auto metrics = http_get(port, "/metrics").body;
  std::smatch found;
  return std::regex_search(metrics, found, kCount) ? std::stoi(found[1]) : 0;
}

}  // namespace

TEST_CASE("a batch is bounded by bytes: rows that don't fit are released untouched, and are claimed next") {
  const auto database = contract_database();
  const auto stream = new_stream();
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json) SELECT 'r' || lpad(n::text, 3, '0'), '" +
                stream + "', jsonb_build_object('text', repeat('x', 100000)) FROM generate_series(1, 40) AS n");
  const auto daemon = start_outboxd(
      {"--http-listen", "127.0.0.1:0", "--batch", "40", "--batch-bytes", "256KiB", "--poll-interval", "1h"},
      outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 40; });
  CHECK(count_rows(database, "attempts = 1") == 40);
  CHECK(published(shared_redis().probe(), stream).each_once(40));
  CHECK(batches(http_port(*daemon)) >= 20);
}

TEST_CASE("a row that doesn't fit and can't be released delays no other row of its batch") {
  const auto database = contract_database();
  const auto stream = new_stream();
  database.exec(
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = 'r05' AND NEW.locked_until IS"
      " NULL AND NEW.dispatched_at IS NULL THEN RAISE EXCEPTION 'not this row'; END IF; RETURN NEW; END $$;"
      " CREATE TRIGGER keep BEFORE UPDATE ON event_outbox FOR EACH ROW EXECUTE FUNCTION keep();"
      " INSERT INTO event_outbox (id, stream_name, payload_json) SELECT 'r' || lpad(n::text, 2, '0'), '" +
      stream + "', jsonb_build_object('text', repeat('x', 100000)) FROM generate_series(1, 8) AS n");
  const auto daemon =
      start_outboxd({"--batch", "8", "--batch-bytes", "256KiB", "--lease", "60s"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL AND attempts = 1") == 7; });
}

TEST_CASE("a row larger than a batch is sent alone") {
  const auto database = contract_database();
  const auto stream = new_stream();
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json) SELECT n::text, '" + stream +
                "', jsonb_build_object('text', repeat('x', 50000)) FROM generate_series(1, 3) AS n");
  const auto ended = run_outboxd({"--once", "--batch-bytes", "1KiB"}, outboxd_environment(database));
  CHECK(ended.status == 0);
  CHECK(published(shared_redis().probe(), stream).each_once(3));
  CHECK(count_rows(database, "attempts = 1") == 3);
}

TEST_CASE("a batch is bounded by bytes in caracal_outbox, too") {
  const auto database = outboxd::test::caracal_database();
  const auto stream = new_stream();
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json) SELECT n::text, 'coordinator', '" +
      stream + "', n::text, jsonb_build_object('text', repeat('x', 100000)) FROM generate_series(1, 20) AS n");
  // These rows were tried before; the same run must claim the released rows again.
  database.exec("UPDATE caracal_outbox SET attempts = 1 WHERE id::integer % 2 = 0");
  const auto ended = run_outboxd(outboxd::test::for_caracal_table({"--once", "--batch-bytes", "256KiB"}),
                                 outboxd_environment(database));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(published(shared_redis().probe(), stream).each_once(20));
  CHECK(count_caracal_rows(database, "attempts = 1 AND status = 'published'") == 10);
  CHECK(count_caracal_rows(database, "attempts = 2 AND status = 'published'") == 10);
}

TEST_CASE("batches grow up to batch_max while a backlog is drained") {
  const auto database = contract_database();
  outboxd::test::insert_rows(database, "r", new_stream(), 2'000);
  const auto daemon = start_outboxd({"--http-listen", "127.0.0.1:0", "--batch", "10", "--batch-max", "500"},
                                    outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 2'000; });
  // Without growth there would be 200 batches of ten rows.
  CHECK(batches(http_port(*daemon)) < 60);
}

TEST_CASE("max_rate bounds the rows a second") {
  const auto database = contract_database();
  outboxd::test::insert_rows(database, "r", new_stream(), 300);
  const auto ended = run_outboxd({"--once", "--max-rate", "200"}, outboxd_environment(database));
  CHECK(ended.status == 0);
  CHECK(once_counts(ended.out).published == 300);
  // By the table's timestamps: from the first row to the last, without the bucket's initial content.
  CHECK(std::stod(database.scalar(
            "SELECT extract(epoch FROM max(dispatched_at) - min(dispatched_at)) FROM event_outbox")) > 1.0);
}
