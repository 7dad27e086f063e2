// SPDX-License-Identifier: Apache-2.0
#include "faults/case.hpp"
#include "faults/readiness.hpp"

namespace outboxd::faults {
namespace {

std::string lasting(const std::string& what, milliseconds time) {
  return what + " for " + std::to_string(time.count() / 1'000) + " s";
}

}  // namespace

std::vector<Case> outage_cases(const CaseOptions& options) {
  std::vector<Case> cases;
  const auto time = options.outage;
  for (const std::string profile : {"api", "coordinator"}) {
    const auto suffix = ", " + profile + " profile";
    cases.push_back({.fault = lasting("Redis full (OOM)", time) + suffix,
                     .step = "any",
                     .harm =
                         [time](World& world) {
                           world.redis_command({"CONFIG", "SET", "maxmemory", "1"});
                           expect_not_ready(world, "OOM");
                           World::lasts(time);
                           expect_not_ready(world, "OOM");
                           world.redis_command({"CONFIG", "SET", "maxmemory", "0"});
                         },
                     .attempts = Attempts::none,
                     .repeats_a_round = 0,
                     .world = {.profile = profile},
                     .says = "OOM"});
    cases.push_back({.fault = lasting("Redis gone", time) + suffix,
                     .step = "any",
                     .harm =
                         [time](World& world) {
                           world.redis().stop();
                           expect_not_ready(world, "Redis");
                           World::lasts(time);
                           expect_not_ready(world, "Redis");
                           world.redis().start();
                         },
                     .world = {.profile = profile},
                     .says = "Redis"});
    cases.push_back({.fault = lasting("Postgres gone", time) + suffix,
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
                     .says = "Postgres"});
  }
  return cases;
}

}  // namespace outboxd::faults
