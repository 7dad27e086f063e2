// SPDX-License-Identifier: Apache-2.0
#include "faults/case.hpp"

#include <array>

namespace outboxd::faults {
namespace {

constexpr std::array kSteps{kClaimAsked,      kClaimDone,   kClaimAnswered, kPublishAsked,  kPublishDone,
                            kPublishAnswered, kSettleAsked, kSettleDone,    kSettleAnswered};

void kill_at(World& world, const Step& step) {
  world.stop_at(step);
  world.kill_daemon(0);
  world.go_on(step);
  world.start_daemon(0);
}

/// Pauses the daemon for longer than its lease: when it continues, its rows belong to the other dispatcher.
void freeze(World& world) {
  world.daemon(0).signal(SIGSTOP);
  World::lasts(milliseconds{4'000});
  world.daemon(0).signal(SIGCONT);
}

}  // namespace

std::vector<Case> daemon_cases() {
  std::vector<Case> cases;
  for (const auto& step : kSteps) {
    const bool in_short = step.phase == Phase::done;
    cases.push_back({.fault = "kill -9 outboxd, restarted",
                     .step = step.name,
                     .harm = [step](World& world) { kill_at(world, step); },
                     .in_short = in_short});
  }
  cases.push_back({.fault = "kill -9 one of two outboxd",
                   .step = "any",
                   .harm =
                       [](World& world) {
                         world.any_moment();
                         world.kill_daemon(0);
                         world.start_daemon(0);
                       },
                   .world = {.daemons = 2}});
  // Its rows are free early because its session has ended, not because their lease has.
  cases.push_back({.fault = "kill -9 outboxd, lease 30 s, restarted",
                   .step = kPublishDone.name,
                   .harm = [](World& world) { kill_at(world, kPublishDone); },
                   .world = {.lease = "30s"},
                   .settled_within = std::chrono::seconds{10}});
  cases.push_back(
      {.fault = "kill -9 outboxd beside one of another configuration",
       .step = kPublishAsked.name,
       .harm = [](World& world) { kill_at(world, kPublishAsked); },
       .world = {.daemons = 2,
                 .flags_of_last = {
                     {"--batch", "7"}, {"--lease", "2s"}, {"--poll-interval", "150ms"}, {"--max-attempts", "5"}}}});
  for (const auto& step : {kClaimAnswered, kPublishAsked, kPublishDone, kSettleAsked}) {
    cases.push_back({.fault = "SIGSTOP 4 s of one of two outboxd",
                     .step = step.name,
                     .harm =
                         [step](World& world) {
                           world.stop_at(step);
                           world.daemon(0).signal(SIGSTOP);
                           world.go_on(step);
                           freeze(world);
                         },
                     .world = {.daemons = 2}});
  }
  cases.push_back({.fault = "SIGSTOP 4 s of the only outboxd", .step = "any", .harm = [](World& world) {
                     world.any_moment();
                     freeze(world);
                   }});
  cases.push_back({.fault = "SIGTERM of outboxd, restarted",
                   .step = "any",
                   .harm =
                       [](World& world) {
                         world.any_moment();
                         world.daemon(0).signal(SIGTERM);
                         if (world.daemon(0).wait() != 0) throw std::runtime_error("exit status after SIGTERM");
                         world.start_daemon(0);
                       },
                   .attempts = Attempts::none,
                   .repeats_a_round = 0,
                   .in_short = true});
  cases.push_back({.fault = "kill -9 of outboxd, Postgres and Redis",
                   .step = "any",
                   .harm =
                       [](World& world) {
                         world.any_moment();
                         world.kill_daemon(0);
                         world.redis().kill9();
                         world.postgres().kill9();
                         world.start_daemon(0);
                         world.redis().start();
                         world.postgres().start();
                       },
                   .repeats_a_round = kForgotten});
  return cases;
}

}  // namespace outboxd::faults
