// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/held_up_rows_log.hpp"

#include "telemetry/health_log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace outboxd::telemetry {

void HeldUpRowsLog::refused_by_store(std::span<const dispatch::RefusedRow> rows) {
  const auto& first = rows.front();
  last_reason_ = brief(first.reason);
  note();
  const auto at = now();
  if (!lines_.admit("", first.reason, first.id, at, rows.size())) return;
  told_ = at;
  spdlog::warn("{}: {} row(s) are held up by Postgres while their neighbours go on; row {}: {}; {}", name(),
               rows.size(), brief(first.id), cut(first.reason), first.dead ? "it is dead" : "it is tried again");
}

void HeldUpRowsLog::held_up(std::size_t rows) {
  const auto at = now();
  rows_ = rows;
  if (rows > 0) {
    if (!since_) since_ = at;
    note();
    return;
  }
  notes_.note(ReadinessNotes::About::held_up_rows, {});
  const auto since = std::exchange(since_, std::nullopt);
  // Rows that no line has named need no line at their end; a first line may come just before the rows are counted.
  if (!since || !told_ || *told_ + std::chrono::seconds{1} < *since) return;
  spdlog::info("{}: no row is held up by Postgres any more, after {}", name(), lasted(at - *since));
}

std::string HeldUpRowsLog::last_one() const {
  return last_reason_.empty() ? "" : "; the last one: " + last_reason_;
}

void HeldUpRowsLog::note() {
  if (!since_) return;
  notes_.note(
      ReadinessNotes::About::held_up_rows,
      fmt::format("{} row(s) are held up by Postgres while others go on (outboxd_held_up_rows), the first since {}{}",
                  rows_, began_at(now() - *since_), last_one()));
}

void HeldUpRowsLog::beat(TimePoint now) {
  if (!since_) return;
  if (now - std::max(told_.value_or(*since_), *since_) < HealthLog::kReminder) return;
  told_ = now;
  spdlog::warn("{}: {} row(s) are held up by Postgres while others go on, the first since {}{}", name(), rows_,
               lasted(now - *since_), last_one());
}

void HeldUpRowsLog::write_summaries(TimePoint now, bool all) {
  for (const auto& [nothing, reason, count, ids] : lines_.over(now, all)) {
    spdlog::warn("{}: {} more times rows were held up by Postgres within the minute{}{}", name(), count,
                 in_brackets(reason), listed(ids, count));
  }
}

}  // namespace outboxd::telemetry
