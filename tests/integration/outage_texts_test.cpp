// SPDX-License-Identifier: Apache-2.0
// The log after an outage of Postgres.
#include "support/outbox_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

TEST_CASE("after a crash of Postgres under load the log blames no lease, worker or trigger") {
  PrivatePostgres postgres;
  const auto database = postgres.create_database();
  create_contract_table(database);
  const auto stream = new_stream("outage");
  insert_rows(database, "a", stream, 60'000);
  const auto daemon = start_outboxd({"run", "--lease", "3s", "--probe-max", "200ms"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") > 1'000; });
  postgres.kill9();
  const auto says = [&](const std::string& text) { return contains(daemon->err(), text); };
  wait_until([&] { return says("Postgres is unavailable"); });
  // Until the leases have expired.
  const auto away_since = std::chrono::steady_clock::now();
  wait_until([&] { return std::chrono::steady_clock::now() - away_since > std::chrono::seconds{3}; });
  postgres.start();
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 60'000; }, std::chrono::seconds(120));
  const auto log = daemon->err();
  CHECK(contains(log, "working again, after "));
  for (const auto* wrong : {"raise dispatcher.lease", "another worker had taken them over", "trigger undo",
                            "can't be sampled for", "is dead (its Postgres"}) {
    CHECK_MESSAGE(!contains(log, wrong), wrong);
  }
  CHECK(published(shared_redis().probe(), stream).distinct.size() == 60'000);
}
