// SPDX-License-Identifier: Apache-2.0
// outboxd is killed while a service's in-process dispatcher works on the same table.
#include "faults/case.hpp"

namespace outboxd::faults {
namespace {

/// Kills each daemon in turn when any daemon's request reaches this step.
void kill_each_at(World& world, const Step& step) {
  for (std::size_t i = 0; i < world.daemons(); ++i) {
    world.stop_at(step);
    world.kill_daemon(i);
    world.go_on(step);
    world.start_daemon(i);
  }
}

Case beside(const Step& step, int daemons) {
  const std::string who = daemons == 1 ? "outboxd" : "each of two outboxd";
  return {.fault = "kill -9 " + who + " beside an in-process dispatcher",
          .step = step.name,
          .harm = [step](World& world) { kill_each_at(world, step); },
          .world = {.daemons = daemons, .in_process = true},
          .in_short = daemons == 2 && step.phase == Phase::done};
}

}  // namespace

std::vector<Case> beside_cases() {
  return {beside(kClaimDone, 1), beside(kPublishDone, 1), beside(kSettleAsked, 1), beside(kPublishDone, 2),
          beside(kSettleAsked, 2)};
}

}  // namespace outboxd::faults
