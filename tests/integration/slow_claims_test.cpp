// SPDX-License-Identifier: Apache-2.0
// Claims that take most of the lease, or longer.
#include "support/caracal_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// A trigger that delays the claim of each row by this time; `is_claim` recognises the UPDATE of a claim.
void slow_down(const Database& database, const std::string& table, const std::string& is_claim,
               const std::string& seconds) {
  database.exec("CREATE OR REPLACE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(" +
                seconds + "); RETURN NEW; END $$; CREATE OR REPLACE TRIGGER rest BEFORE UPDATE ON " + table +
                " FOR EACH ROW WHEN (" + is_claim + ") EXECUTE FUNCTION rest()");
}

constexpr const char* kApiClaim = "NEW.attempts > OLD.attempts";
constexpr const char* kCaracalClaim = "NEW.status = 'pending' AND NEW.available_at > now()";

}  // namespace

TEST_CASE("after a claim that takes longer than its lease, smaller ones follow and succeed; the log reports it") {
  const auto database = contract_database();
  const auto stream = new_stream();
  slow_down(database, "event_outbox", kApiClaim, "0.3");
  insert_rows(database, "r", stream, 16);
  const auto daemon = start_outboxd({"run", "--lease", "2s"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 16; }, std::chrono::seconds(60));
  CHECK(published(shared_redis().probe(), stream).distinct.size() == 16);
  CHECK_MESSAGE(contains(daemon->err(), "raise dispatcher.lease"), daemon->err());
  CHECK(occurrences(daemon->err(), "raise dispatcher.lease") == 1);
  CHECK(count_rows(database, "available_at = 'infinity'") == 0);
}

TEST_CASE("the same in caracal_outbox") {
  const auto database = caracal_database();
  const auto stream = new_stream();
  slow_down(database, "caracal_outbox", kCaracalClaim, "0.3");
  insert_caracal_rows(database, "r", stream, 16);
  const auto daemon = start_outboxd(for_caracal_table({"run", "--lease", "2s"}), outboxd_environment(database));
  wait_until([&] { return count_caracal_rows(database, "status = 'published'") == 16; }, std::chrono::seconds(60));
  CHECK(published(shared_redis().probe(), stream).distinct.size() == 16);
  CHECK_MESSAGE(contains(daemon->err(), "raise dispatcher.lease"), daemon->err());
}

TEST_CASE("a single row is sent while any lease is left") {
  const auto database = contract_database();
  const auto stream = new_stream();
  // More than half of the lease, which is reserved for the write in larger batches.
  slow_down(database, "event_outbox", kApiClaim, "1.4");
  insert_rows(database, "r", stream, 3);
  const auto daemon = start_outboxd({"run", "--lease", "2s"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 3; }, std::chrono::seconds(60));
  CHECK(published(shared_redis().probe(), stream).distinct.size() == 3);
}
