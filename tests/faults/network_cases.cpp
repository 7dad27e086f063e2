// SPDX-License-Identifier: Apache-2.0
#include "faults/case.hpp"

#include <array>

namespace outboxd::faults {
namespace {

/// Longer than the statement time-out and the client's margin.
constexpr milliseconds kLong{4'000};
constexpr std::array kCutSteps{kClaimAsked, kClaimDone, kPublishAsked, kPublishDone, kSettleAsked, kSettleDone};

/// A fault of the network on the bytes of one step.
Case at_step(const std::string& what, const Step& step, Then then, bool in_short = false) {
  return {.fault = what,
          .step = step.name,
          .harm =
              [step, then](World& world) {
                world.stop_at(step);
                world.go_on(step, then);
              },
          .in_short = in_short};
}

Case delayed(bool redis, milliseconds each_way) {
  return {
      .fault = std::string(redis ? "Redis" : "Postgres") + " " + std::to_string(each_way.count()) + " ms away, 2 s",
      .step = "any",
      .harm = [redis, each_way](World& world) {
        auto& proxy = redis ? world.to_redis() : world.to_postgres();
        proxy.delay(each_way);
        World::lasts(kAWhile);
        proxy.delay(milliseconds{0});
      }};
}

Case silent(bool redis) {
  return {.fault = std::string(redis ? "Redis" : "Postgres") + " accepts and never answers, 4 s",
          .step = "any",
          .harm =
              [redis](World& world) {
                auto& proxy = redis ? world.to_redis() : world.to_postgres();
                world.any_moment();
                proxy.go_silent(true);
                World::lasts(kLong);
                proxy.go_silent(false);
              },
          .says = redis ? "Redis" : "Postgres",
          .in_short = redis};
}

Case refusing(bool redis) {
  return {.fault = std::string(redis ? "Redis" : "Postgres") + " ends every connection, 2 s",
          .step = "any",
          .harm =
              [redis](World& world) {
                auto& proxy = redis ? world.to_redis() : world.to_postgres();
                world.any_moment();
                proxy.refuse(true);
                proxy.cut_all();
                World::lasts(kAWhile);
                proxy.refuse(false);
              },
          .says = redis ? "Redis" : "Postgres"};
}

}  // namespace

std::vector<Case> network_cases() {
  std::vector<Case> cases;
  for (const auto& step : kCutSteps) {
    cases.push_back(at_step("connection cut", step, Then::cut));
    cases.push_back(
        at_step("connection cut halfway", step, Then::cut_half, step.is_redis && step.phase == Phase::done));
    cases.push_back(at_step("connection goes silent", step, Then::swallow));
    // Only answers are garbled: a garbled request might be another valid request.
    if (step.phase == Phase::done) cases.push_back(at_step("answer garbled", step, Then::garble, true));
  }
  // The worker lives, so its leases are honoured; but it claims the rows again, as it knows that it never got them.
  auto lost_claim = at_step("connection cut, lease 30 s", kClaimDone, Then::cut);
  lost_claim.attempts = Attempts::none;
  lost_claim.repeats_a_round = 0;
  lost_claim.world.lease = "30s";
  lost_claim.settled_within = std::chrono::seconds{10};
  cases.push_back(std::move(lost_claim));
  for (const bool redis : {false, true}) {
    cases.push_back(delayed(redis, milliseconds{100}));
    cases.push_back(delayed(redis, milliseconds{600}));
    cases.push_back(silent(redis));
    cases.push_back(refusing(redis));
  }
  return cases;
}

}  // namespace outboxd::faults
