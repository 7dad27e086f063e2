// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/leases_log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {
namespace {

constexpr std::string_view kTakenOver = "another worker had taken them over by then";
constexpr std::string_view kLostInOutage =
    "their leases ended, or were lost, while Postgres was unreachable; rows that were already sent are only "
    "marked when they are claimed again, unless another worker has them";
// Outcomes that waited for Postgres are settled within this time.
constexpr std::chrono::seconds kSoonAfter{10};

}  // namespace

void LeasesLog::health(dispatch::Health health, std::string_view /*reason*/) {
  const bool was_away = std::exchange(postgres_is_away_, health == dispatch::Health::postgres_unavailable);
  if (was_away || postgres_is_away_) postgres_away_at_ = now();
}

void LeasesLog::settled(std::size_t /*rows*/, std::size_t leases_lost, std::chrono::nanoseconds /*took*/) {
  if (leases_lost == 0) return;
  const auto at = now();
  const bool in_outage = postgres_away_at_ && (postgres_is_away_ || at - *postgres_away_at_ < kSoonAfter);
  const auto why = in_outage ? kLostInOutage : kTakenOver;
  if (!lost_leases_.admit(why, "", "", at, leases_lost)) return;
  spdlog::warn("{}: the outcome of {} row(s) was not written: {}", name(), leases_lost, why);
}

void LeasesLog::freed_rows_of(std::string_view worker) {
  if (!dead_workers_.admit("", "", worker, now())) return;
  spdlog::warn("{}: worker {} is dead (its Postgres sessions are gone): its leases are ended", name(), brief(worker));
}

void LeasesLog::write_summaries(TimePoint now, bool all) {
  for (const auto& [nothing, reason, count, workers] : dead_workers_.over(now, all)) {
    spdlog::warn("{}: {} more worker(s) were found dead within the minute{}", name(), count, listed(workers, count));
  }
  for (const auto& summary : lost_leases_.over(now, all)) {
    spdlog::warn("{}: the outcome of {} more row(s) was not written within the minute: {}", name(), summary.count,
                 summary.subject);
  }
}

}  // namespace outboxd::telemetry
