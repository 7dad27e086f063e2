// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/retention_log.hpp"

#include "dispatch/ports.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {
namespace {

constexpr std::chrono::hours kReminder{1};

}  // namespace

void RetentionLog::pruned(const dispatch::PruneStep& step) {
  using State = dispatch::PruneStep::State;
  removed_ += step.rows;
  for (const auto& row : step.refused) {
    if (!refused_.admit("", row.reason, row.id, now())) continue;
    spdlog::warn("{}: published row {} can't be removed: {}", name(), brief(row.id), cut(row.reason));
  }
  if (step.state == State::forbidden) return log_missing_right();
  reminded_at_.reset();
  if (step.state != State::complete) return;
  if (removed_ > 0) spdlog::info("{}: removed {} old published row(s)", name(), removed_);
  removed_ = 0;
}

void RetentionLog::log_missing_right() {
  if (reminded_at_ && now() - *reminded_at_ < kReminder) return;
  reminded_at_ = now();
  spdlog::warn(
      "{}: old published rows can't be removed: dispatcher.retention needs the right DELETE on the table; grant it "
      "to "
      "this role, or take the setting out",
      name());
}

void RetentionLog::write_summaries(TimePoint now, bool all) {
  for (const auto& [nothing, reason, count, ids] : refused_.over(now, all)) {
    spdlog::warn("{}: {} more published row(s) could not be removed within the minute{}{}", name(), count,
                 in_brackets(reason), listed(ids, count));
  }
}

}  // namespace outboxd::telemetry
