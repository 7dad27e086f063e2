// SPDX-License-Identifier: Apache-2.0
// Failovers to another Postgres. A service's commit is answered only when the standby has it, so none is lost; the
// daemon's own commits don't wait for the standby, which may cause repeats.
#include "faults/case.hpp"
#include "faults/readiness.hpp"

#include <array>

namespace outboxd::faults {
namespace {

Case failover(std::string fault, std::string step, std::function<void(World&)> harm, std::string says = {}) {
  return {.fault = std::move(fault),
          .step = std::move(step),
          .harm = std::move(harm),
          .world = {.standby = true},
          .says = std::move(says),
          .returns = Server::postgres};
}

/// Kills the primary; its port then refuses connections. A proxy that accepts and then resets would be another fault,
/// as libpq then tries no other host.
void kill(World& world) {
  world.to_postgres().go_away(true);
  world.postgres().kill9();
}

Case kill_primary_at(const Step& step) {
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

/// Cuts the network: the old primary and the daemon's sessions there continue, and don't notice the failover.
void socket_watchdog(World& world) {
  world.stop_at(kSettleAsked);
  world.to_postgres().go_silent(true);
  world.go_on(kSettleAsked);
  const auto old = world.database();
  world.fail_over();
  // A service's commit there waits for the standby, so its session is ended as well.
  old.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND backend_type = "
      "'client backend' AND pid <> pg_backend_pid()");
}

/// Demotes the primary, so that there are two standbys and no primary for a while.
void demote(World& world) {
  world.any_moment();
  world.postgres().demote();
  expect_not_ready(world, "read-only");
  World::lasts(kAWhile);
  world.fail_over();
}

/// There is no second server and no target_session_attrs, so the daemon notices only by its failing statements.
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
  for (const auto& step : {kClaimDone, kPublishDone, kSettleAsked, kSettleDone})
    cases.push_back(kill_primary_at(step));
  for (const int daemons : {1, 2}) {
    const std::string beside = daemons == 2 ? ", two outboxd" : "";
    cases.push_back(failover("kill -9 the primary, standby promoted" + beside, "any", kill_at_any_moment));
    cases.back().repeats_a_round = kForgotten;
    cases.back().world.daemons = daemons;
  }
  cases.push_back(failover("primary cut off, standby promoted", kSettleAsked.name, socket_watchdog, "Postgres"));
  // The recovery time depends on time-outs, as the daemon gets no notice, so it isn't summed up.
  cases.back().returns = Server::none;
  cases.push_back(failover("primary restarted as a standby, the other promoted after 2 s", "any", demote));
  cases.push_back(read_only_for_a_while());
  return cases;
}

}  // namespace outboxd::faults
