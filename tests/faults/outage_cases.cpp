// SPDX-License-Identifier: Apache-2.0
// Long outages. Meanwhile the daemons report that they are not ready, and no attempt is spent.
#include "faults/case.hpp"
#include "faults/readiness.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <future>
#include <stdexcept>

namespace outboxd::faults {
namespace {

std::string lasting(const std::string& what, milliseconds time, const std::string& profile) {
  return what + " for " + std::to_string(time.count() / 1'000) + " s, " + profile + " profile";
}

std::string attempts(World& world) {
  return world.database().scalar("SELECT sum(attempts) FROM event_outbox");
}

/// Waits until the rows in flight are released; then for `time`, in which nothing may be claimed.
void sit_out(World& world, const std::string& reason, milliseconds time) {
  expect_not_ready(world, reason);
  test::wait_until([&] { return test::count_rows(world.database(), "locked_until > now()") == 0; },
                   std::chrono::seconds(5), "rows in flight to be released");
  const auto before = attempts(world);
  World::lasts(time);
  expect_not_ready(world, reason);
  if (attempts(world) != before) throw std::runtime_error("attempts were counted while Redis was away");
}

Case redis_full(milliseconds time, const std::string& profile) {
  return {.fault = lasting("Redis full (OOM)", time, profile),
          .step = "any",
          .harm =
              [time](World& world) {
                world.redis_command({"CONFIG", "SET", "maxmemory", "1"});
                sit_out(world, "OOM", time);
                world.redis_command({"CONFIG", "SET", "maxmemory", "0"});
              },
          .attempts = Attempts::none,
          .repeats_a_round = 0,
          .world = {.profile = profile},
          .says = "OOM"};
}

Case redis_gone(milliseconds time, const std::string& profile) {
  return {.fault = lasting("Redis gone", time, profile),
          .step = "any",
          .harm =
              [time](World& world) {
                world.redis().stop();
                sit_out(world, "Redis", time);
                world.redis().start();
              },
          .world = {.profile = profile},
          .says = "Redis",
          .returns = Server::redis};
}

/// Adds a key for each millisecond that Redis shall take to load its data.
void add_keys(World& world, milliseconds::rep count) {
  constexpr milliseconds::rep kAtOnce = 1'000;
  for (milliseconds::rep done = 0; done < count; done += kAtOnce) {
    world.redis_command({"EVAL", "for i = 1, ARGV[2] do redis.call('SET', 'filler:' .. (ARGV[1] + i), 'x') end", "0",
                         std::to_string(done), std::to_string(kAtOnce)});
  }
}

Case redis_loading(milliseconds time, const std::string& profile) {
  return {.fault = lasting("Redis restarts and loads (LOADING)", time, profile),
          .step = "any",
          .harm =
              [time](World& world) {
                add_keys(world, time.count());
                // Loading takes a little longer than that, by an unknown time. The server is started on this thread,
                // as it dies with the thread that starts it.
                auto meanwhile = std::async(std::launch::async, [&] { sit_out(world, "LOADING", time / 2); });
                world.restart_redis_with("key-load-delay 1000\nloading-process-events-interval-bytes 1024\n", time);
                meanwhile.get();
              },
          .world = {.profile = profile, .redis_snapshots = true},
          .says = "Redis",
          .returns = Server::redis};
}

Case postgres_gone(milliseconds time, const std::string& profile) {
  return {.fault = lasting("Postgres gone", time, profile),
          .step = "any",
          .harm =
              [time](World& world) {
                world.postgres().stop();
                expect_not_ready(world, "Postgres");
                World::lasts(time);
                expect_not_ready(world, "Postgres");
                world.postgres().start();
              },
          .world = {.profile = profile},
          .says = "Postgres",
          .returns = Server::postgres};
}

}  // namespace

std::vector<Case> outage_cases(const CaseOptions& options) {
  std::vector<Case> cases;
  for (auto* const of : {redis_full, redis_gone, redis_loading, postgres_gone}) {
    for (const std::string profile : {"api", "coordinator"}) cases.push_back(of(options.outage, profile));
  }
  return cases;
}

}  // namespace outboxd::faults
