// SPDX-License-Identifier: Apache-2.0
#include "faults/run_case.hpp"

#include "faults/check.hpp"
#include "faults/load.hpp"
#include "faults/readiness.hpp"
#include "support/wait.hpp"

#include <exception>
#include <sstream>

namespace outboxd::faults {
namespace {

using Clock = std::chrono::steady_clock;

// Generous, as a late result is visible in the table's last columns; only a missing one is broken.
constexpr std::chrono::seconds kDeadline{60};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void run_round(World& world, const Case& one, int round, std::vector<std::string>& committed, Result& result) {
  world.get_ready();
  Load load([&world] { return world.database(); }, world.streams(), "round-" + std::to_string(round) + "-");
  const auto at_start = world.entries();
  test::wait_until([&] { return world.entries() >= at_start + 20; }, kDeadline, "rows to flow before the fault");
  const auto burst = world.burst(kBurstRows);
  committed.insert(committed.end(), burst.begin(), burst.end());
  one.harm(world);
  const auto healed = Clock::now();
  const auto at_heal = world.entries();
  test::wait_until([&] { return world.entries() > at_heal; }, kDeadline, "rows to flow after the fault");
  result.recovery.push_back(seconds_since(healed));
  expect_ready(world);
  test::wait_until([&] { return world.entries() >= at_heal + 50; }, kDeadline, "rows to flow on after the fault");
  const auto& ids = load.stop();
  committed.insert(committed.end(), ids.begin(), ids.end());
  const auto open = "SELECT count(*) FROM event_outbox WHERE dispatched_at IS NULL AND available_at < 'infinity'";
  test::wait_until([&] { return world.database().scalar(open) == "0"; }, one.settled_within,
                   "every row to be settled");
  result.settled.push_back(seconds_since(healed));
}

/// The daemons must still stop with status 0 after the fault.
void stop_dispatchers(World& world, Result& result) {
  for (std::size_t i = 0; i < world.daemons(); ++i) world.daemon(i).signal(SIGTERM);
  for (std::size_t i = 0; i < world.daemons(); ++i) {
    const int status = world.daemon(i).wait();
    if (status != 0) result.broken.push_back("outboxd ended with " + std::to_string(status) + " after SIGTERM");
  }
  if (const auto failure = world.stop_in_process(); !failure.empty()) {
    result.broken.push_back("the in-process dispatcher: " + failure);
  }
}

bool has_line(const std::string& log, const std::string& mark, const std::string& word) {
  std::string line;
  for (std::istringstream lines(log); std::getline(lines, line);) {
    if (line.find(mark) != std::string::npos && line.find(word) != std::string::npos) return true;
  }
  return false;
}

bool has_error(const std::string& postgres_log, const std::string& word) {
  return has_line(postgres_log, " ERROR: ", word) || has_line(postgres_log, " FATAL: ", word) ||
         has_line(postgres_log, " PANIC: ", word);
}

/// A fault without an effect proves nothing: a warning of a dispatcher or an error of Postgres must name it.
void check_log(World& world, const Case& one, Result& result) {
  const auto postgres_log = world.postgres_log();
  if (!one.postgres_says.empty() && !has_error(postgres_log, one.postgres_says)) {
    result.broken.push_back("Postgres' log doesn't name " + one.postgres_says);
  }
  bool noticed = one.says.empty() || has_error(postgres_log, one.says);
  for (std::size_t i = 0; i < world.daemons(); ++i) {
    noticed = noticed || has_line(world.daemon(i).err(), " warn  outbox: ", one.says);
  }
  if (!noticed) result.broken.push_back("no log names " + one.says);
}

}  // namespace

Result run_case(const Case& one, int rounds) {
  Result result;
  World world(one.world);
  try {
    std::vector<std::string> committed;
    for (int round = 0; round < rounds; ++round) run_round(world, one, round, committed, result);
    stop_dispatchers(world, result);
    check_log(world, one, result);
    check_rows_and_entries(world, one, rounds, committed, result);
  } catch (const std::exception& error) {
    result.broken.emplace_back(error.what());
    world.let_go();
  }
  if (!result.broken.empty()) {
    for (std::size_t i = 0; i < world.daemons(); ++i) result.log += world.daemon(i).err();
  }
  return result;
}

}  // namespace outboxd::faults
