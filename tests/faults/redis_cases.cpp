// SPDX-License-Identifier: Apache-2.0
// Redis is down, hangs or is slow.
#include "faults/case.hpp"

namespace outboxd::faults {

std::vector<Case> redis_cases() {
  std::vector<Case> cases;
  for (const auto& step : {kClaimDone, kPublishAsked, kPublishDone, kPublishAnswered, kSettleAsked}) {
    cases.push_back({.fault = "kill -9 Redis, restarted",
                     .step = step.name,
                     .harm =
                         [step](World& world) {
                           world.stop_at(step);
                           world.redis().kill9();
                           world.go_on(step, unanswered(step));
                           world.redis().start();
                         },
                     .returns = Server::redis,
                     .in_short = std::string_view{step.name} == kPublishDone.name});
  }
  cases.push_back({.fault = "restart of Redis",
                   .step = "any",
                   .harm =
                       [](World& world) {
                         world.any_moment();
                         world.redis().stop();
                         world.redis().start();
                       },
                   .returns = Server::redis});
  for (const auto& step : {kPublishAsked, kPublishAnswered}) {
    cases.push_back({.fault = "SIGSTOP 2 s of Redis",
                     .step = step.name,
                     .harm =
                         [step](World& world) {
                           world.stop_at(step);
                           world.redis().pause();
                           world.go_on(step);
                           World::lasts(milliseconds{2'000});
                           world.redis().resume();
                         },
                     .says = "Redis",
                     .in_short = step.phase == Phase::asked});
  }
  cases.push_back({.fault = "writes paused 1.5 s (CLIENT PAUSE)", .step = "any", .harm = [](World& world) {
                     world.any_moment();
                     world.redis_command({"CLIENT", "PAUSE", "1500", "WRITE"});
                     World::lasts(milliseconds{1'500});
                   }});
  cases.push_back({.fault = "connections killed each 100 ms (CLIENT KILL)", .step = "any", .harm = [](World& world) {
                     for (int i = 0; i < 10; ++i) {
                       world.redis_command({"CLIENT", "KILL", "TYPE", "normal"});
                       World::lasts(milliseconds{100});
                     }
                   }});
  return cases;
}

}  // namespace outboxd::faults
