// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/retention_log.hpp"

#include "dispatch/ports.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {
namespace {

constexpr std::chrono::hours kReminder{1};
// What may pass by itself.
constexpr std::chrono::minutes kPatience{10};

}  // namespace

void RetentionLog::pruned(const dispatch::PruneStep& step) {
  using State = dispatch::PruneStep::State;
  removed_ += step.rows;
  for (const auto& row : step.refused) {
    if (!refused_.admit("", row.reason, row.id, now())) continue;
    spdlog::warn("{}: published row {} can't be removed: {}", name(), brief(row.id), cut(row.reason));
  }
  switch (step.state) {
    case State::forbidden:
      return log_standstill(
          "dispatcher.retention needs the rights UPDATE and DELETE on the table; grant them to this role, or take "
          "the "
          "setting out",
          std::chrono::seconds{0});
    case State::overdue:
      return log_standstill("rows are overdue, and come first; see outboxd status", kPatience);
    case State::refused:
      return log_standstill("Postgres refuses to remove any of them; see the rows named above",
                            std::chrono::seconds{0});
    case State::unknown:
      return;
    case State::goes_on:
    case State::elsewhere:
    case State::complete:
      break;
  }
  stands_since_.reset();
  reminded_at_.reset();
  if (step.state != State::complete) return;
  if (removed_ > 0) spdlog::info("{}: removed {} old published row(s)", name(), removed_);
  removed_ = 0;
}

void RetentionLog::prune_failed(std::string_view reason) {
  log_standstill(reason, kPatience);
}

void RetentionLog::log_standstill(std::string_view why, std::chrono::seconds patience) {
  const auto at = now();
  if (!stands_since_) stands_since_ = at;
  if (at - *stands_since_ < patience || (reminded_at_ && at - *reminded_at_ < kReminder)) return;
  reminded_at_ = at;
  spdlog::warn("{}: old published rows can't be removed: {}", name(), cut(why));
}

void RetentionLog::write_summaries(TimePoint now, bool all) {
  for (const auto& [nothing, reason, count, ids] : refused_.over(now, all)) {
    spdlog::warn("{}: {} more published row(s) could not be removed within the minute{}{}", name(), count,
                 in_brackets(reason), listed(ids, count));
  }
}

}  // namespace outboxd::telemetry
