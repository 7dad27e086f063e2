// SPDX-License-Identifier: Apache-2.0
#include "bench/daemon.hpp"

#include "bench/events.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

namespace outboxd::bench {

std::unique_ptr<test::Child> start_daemon(World& world, const test::Database& database,
                                          const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"run"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto daemon = test::start_outboxd(words, world.environment(database));
  test::insert_row(database, "warm-up", streams().front(), "{}");
  test::wait_until(
      [&database] { return test::count_rows(database, "id = 'warm-up' AND dispatched_at IS NOT NULL") == 1; },
      std::chrono::seconds(30), "the daemon to publish its first row");
  database.exec("DELETE FROM event_outbox WHERE id = 'warm-up'");
  world.redis().probe().command("DEL", streams().front());
  return daemon;
}

bool has_wake_ups(const test::Database& database) {
  return database.scalar(
             "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'event_outbox'::regclass AND NOT "
             "tgisinternal") != "0";
}

std::vector<pid_t> backends_of(const test::Database& database) {
  std::vector<pid_t> pids;
  for (const auto& row : database.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
                                       "backend_type = 'client backend' AND pid <> pg_backend_pid()")) {
    pids.push_back(static_cast<pid_t>(std::stol(row[0])));
  }
  return pids;
}

}  // namespace outboxd::bench
