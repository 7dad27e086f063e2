// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/samples_log.hpp"

#include "telemetry/health_log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {
namespace {

using About = ReadinessNotes::About;

// A single failed sample may have been cut off with its session; the next one comes after five seconds.
constexpr std::chrono::seconds kMayFail{10};

}  // namespace

void SamplesLog::health(dispatch::Health health, std::string_view /*reason*/) {
  const bool was_waiting = std::exchange(is_waiting_, is_wait(health));
  // Samples that failed meanwhile did so for the same reason; the next ones show whether they still do.
  if (!was_waiting || is_waiting_ || !failing_ || failing_->told) return;
  failing_.reset();
  notes_.note(About::failed_samples, {});
}

void SamplesLog::sampled(const dispatch::BacklogSample& sample) {
  look_at_locked_rows(sample.locked);
  const auto failed = std::exchange(failing_, std::nullopt);
  if (!failed) return;
  notes_.note(About::failed_samples, {});
  if (failed->told) spdlog::info("{}: the table is sampled again, after {}", name(), lasted(now() - failed->since));
}

void SamplesLog::look_at_locked_rows(const dispatch::LockedRows& rows) {
  const auto line = locked_rows_.sampled(rows, now());
  const auto since = locked_rows_.since();
  if (line) spdlog::log(since ? spdlog::level::warn : spdlog::level::info, "{}: {}", name(), *line);
  notes_.note(About::locked_rows, since ? locked_rows_.described() + ", so since " + began_at(now() - *since) : "");
}

void SamplesLog::sample_failed(std::string_view reason) {
  if (!failing_) failing_ = Failing{now(), std::nullopt, {}};
  failing_->reason = brief(reason);
  notes_.note(About::failed_samples, "the table can't be sampled (" + failing_->reason +
                                         "): its figures are those of outboxd_sample_timestamp_seconds");
}

void SamplesLog::beat(TimePoint now) {
  if (const auto line = locked_rows_.beat(now)) spdlog::warn("{}: {}", name(), *line);
  // The obstacle that keeps a dispatcher from its work has a line already.
  if (!failing_ || is_waiting_) return;
  const bool is_due = !failing_->told || now - *failing_->told >= HealthLog::kReminder;
  if (now - failing_->since < kMayFail || !is_due) return;
  failing_->told = now;
  spdlog::warn(
      "{}: the table can't be sampled for {} ({}): outboxd_pending_rows, outboxd_dead_rows and the like keep their "
      "values of outboxd_sample_timestamp_seconds",
      name(), lasted(now - failing_->since), failing_->reason);
}

}  // namespace outboxd::telemetry
