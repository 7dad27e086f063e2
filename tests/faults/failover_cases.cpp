// SPDX-License-Identifier: Apache-2.0
// Another Postgres takes over. A service's commit is answered only once the standby has it, so none is lost on the
// way; the daemon's own commits wait for nobody, which may cost repeats.
#include "faults/case.hpp"
#include "faults/readiness.hpp"

#include <array>

namespace outboxd::faults {
namespace {

constexpr milliseconds kAWhile{2'000};

Case failover(std::string fault, std::string step, std::function<void(World&)> harm, std::string says = {}) {
  return {.fault = std::move(fault),
          .step = std::move(step),
          .harm = std::move(harm),
          .world = {.standby = true},
          .says = std::move(says),
          .returns = Server::postgres};
}

/// The machine is there, and nothing listens. A proxy that accepts and then resets would be another fault: libpq then
/// tries no other host.
void kill(World& world) {
  world.to_postgres().go_away(true);
  world.postgres().kill9();
}

Case kill_at(const Step& step) {
  auto killed = failover("kill -9 the primary, standby promoted", step.name, [step](World& world) {
    world.stop_at(step);
    kill(world);
    world.go_on(step, unanswered(step));
    world.fail_over();
  });
  killed.in_short = std::string_view{step.name} == kSettleAsked.name;
  return killed;
}

void kill_at_any_moment(World& world) {
  world.any_moment();
  kill(world);
  world.fail_over();
}

/// The old primary lives on and knows of nothing, as do the daemon's sessions there.
void cut_off(World& world) {
  world.stop_at(kSettleAsked);
  world.to_postgres().go_silent(true);
  world.go_on(kSettleAsked);
  const auto old = world.database();
  world.fail_over();
  // A service waits there for a standby that has left; its network is cut as well.
  old.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND backend_type = "
      "'client backend' AND pid <> pg_backend_pid()");
}

/// For a while there are two standbys and no primary.
void demote(World& world) {
  world.any_moment();
  world.postgres().demote();
  expect_not_ready(world, "read-only");
  World::lasts(kAWhile);
  world.fail_over();
}

/// No second server, and no target_session_attrs: the daemon learns it from its statements alone.
Case read_only_for_a_while() {
  return {.fault = "Postgres comes back as a standby (25006) 2 s, promoted", .step = "any", .harm = [](World& world) {
            world.any_moment();
            world.postgres().demote();
            expect_not_ready(world, "point postgres.url at the primary");
            World::lasts(kAWhile);
            world.postgres().promote();
          }};
}

}  // namespace

std::vector<Case> failover_cases() {
  std::vector<Case> cases;
  for (const auto& step : {kClaimDone, kPublishDone, kSettleAsked, kSettleDone}) cases.push_back(kill_at(step));
  for (const int daemons : {1, 2}) {
    const std::string beside = daemons == 2 ? ", two outboxd" : "";
    cases.push_back(failover("kill -9 the primary, standby promoted" + beside, "any", kill_at_any_moment));
    cases.back().repeats_a_round = kForgotten;
    cases.back().world.daemons = daemons;
  }
  cases.push_back(failover("primary cut off, standby promoted", kSettleAsked.name, cut_off, "Postgres"));
  // How long that takes is a matter of time-outs: nobody tells the daemon.
  cases.back().returns = Server::none;
  cases.push_back(failover("primary restarted as a standby, the other promoted after 2 s", "any", demote));
  cases.push_back(read_only_for_a_while());
  return cases;
}

}  // namespace outboxd::faults
