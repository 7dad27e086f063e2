// SPDX-License-Identifier: Apache-2.0
// Claims that take most of a lease, or all of it.
#include "support/caracal_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// A trigger by which each row's claim takes this long; `is_claim` says which updates are claims.
void slow_down(const Database& database, const std::string& table, const std::string& is_claim,
               const std::string& seconds) {
  database.exec("CREATE OR REPLACE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(" +
                seconds + "); RETURN NEW; END $$; CREATE OR REPLACE TRIGGER rest BEFORE UPDATE ON " + table +
                " FOR EACH ROW WHEN (" + is_claim + ") EXECUTE FUNCTION rest()");
}

constexpr const char* kApiClaim = "NEW.attempts > OLD.attempts";
constexpr const char* kCaracalClaim = "NEW.status = 'pending' AND NEW.available_at > now()";

}  // namespace

TEST_CASE("a claim that takes longer than its lease is followed by smaller ones, which go out; the log names it") {
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

TEST_CASE("a row alone is sent while any lease is left") {
  const auto database = contract_database();
  const auto stream = new_stream();
  // More than half of the lease, which used to be kept for the write.
  slow_down(database, "event_outbox", kApiClaim, "1.4");
  insert_rows(database, "r", stream, 3);
  const auto daemon = start_outboxd({"run", "--lease", "2s"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 3; }, std::chrono::seconds(60));
  CHECK(published(shared_redis().probe(), stream).distinct.size() == 3);
}
