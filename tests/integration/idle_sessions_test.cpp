// SPDX-License-Identifier: Apache-2.0
// Postgres sessions that end while they are idle.
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// Checks repeatedly that the daemon stays ready.
void stays_ready_until(std::uint16_t port, const std::function<bool()>& condition, const std::string& what) {
  int failures = 0;
  wait_until(
      [&] {
        if (http_get(port, "/readyz").status != 200) ++failures;
        return condition();
      },
      std::chrono::seconds(20), what);
  CHECK(failures == 0);
}

std::string sessions(const Database& database) {
  return database.scalar(
      "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE datname = "
      "current_database() AND application_name = 'outboxd'");
}

}  // namespace

TEST_CASE("idle_session_timeout: each row is published at once, and no outage is reported") {
  for (const bool caracal : {false, true}) {
    CAPTURE(caracal);
    const auto database = shared_postgres().create_database();
    create_contract_table(database);
    create_caracal_table(database);
    const auto role = "idler_" + database.name;
    database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON event_outbox, caracal_outbox TO " + role +
                  "; ALTER ROLE " + role + " SET idle_session_timeout = '300ms'");
    const auto stream = new_stream("idle");
    std::vector<std::string> run{"run", "--poll-interval", "1s", "--http-listen", "127.0.0.1:0"};
    if (caracal) run = for_caracal_table(run);
    const auto outboxd = start_outboxd(
        run, with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
    const auto port = http_port(*outboxd);
    wait_until([&] { return http_get(port, "/readyz").status == 200; });
    const auto before = outboxd->err();
    for (int i = 1; i <= 4; ++i) {
      // Until Postgres has ended the settling session as well.
      stays_ready_until(
          port, [&] { return sessions(database) == "NULL"; }, "all sessions to have ended");
      if (caracal) {
        insert_caracal_row(database, std::to_string(i), stream, "{}");
      } else {
        insert_row(database, std::to_string(i), stream, "{}");
      }
      stays_ready_until(
          port,
          [&] {
            return (caracal ? count_caracal_rows(database, "status = 'published' AND attempts = 1")
                            : count_rows(database, "dispatched_at IS NOT NULL AND attempts = 1")) == i;
          },
          "the row to be settled");
    }
    CHECK(published(shared_redis().probe(), stream).each_once(4));
    const auto said = outboxd->err().substr(before.size());
    CHECK_MESSAGE(!contains(said, "warn"), said);
    CHECK_MESSAGE(!contains(said, "error"), said);
    CHECK_MESSAGE(!contains(said, "unavailable"), said);
  }
}

TEST_CASE(
    "sessions that end while they are idle are reopened without a log line; an unreachable server is reported at "
    "once") {
  PrivatePostgres server;
  const auto database = server.create_database();
  create_contract_table(database);
  const auto stream = new_stream("idle");
  const auto outboxd =
      start_outboxd({"run", "--poll-interval", "1s", "--http-listen", "127.0.0.1:0"}, outboxd_environment(database));
  const auto port = http_port(*outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  const auto before = outboxd->err();
  for (int i = 1; i <= 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    database.exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = 'outboxd' AND state = 'idle'");
    insert_row(database, std::to_string(i), stream, "{}");
    stays_ready_until(
        port, [&] { return count_rows(database, "dispatched_at IS NOT NULL") == i; }, "the row to be settled");
  }
  const auto said = outboxd->err().substr(before.size());
  CHECK_MESSAGE(!contains(said, "warn"), said);
  CHECK_MESSAGE(!contains(said, "unavailable"), said);
  CHECK(published(shared_redis().probe(), stream).each_once(3));
  server.stop();
  wait_until([&] { return http_get(port, "/readyz").status == 503; }, std::chrono::seconds(3), "readiness to fall");
}
