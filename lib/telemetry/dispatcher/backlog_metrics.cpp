// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/backlog_metrics.hpp"

#include <array>
#include <limits>
#include <utility>

namespace outboxd::telemetry {
namespace {

struct Figure {
  const char* name;
  const char* help;
};

constexpr std::array kFigures{
    Figure{"outboxd_pending_rows", "Rows neither published nor dead, at the last sample; counting stops at a cap."},
    Figure{"outboxd_due_rows", "Pending rows that could be claimed at the last sample."},
    Figure{"outboxd_delayed_rows", "Pending rows not due yet and never tried, at the last sample."},
    Figure{"outboxd_leased_rows", "Pending rows that a worker held at the last sample."},
    Figure{"outboxd_retrying_rows",
           "Pending rows that were tried before and wait for their next try, at the last sample."},
    Figure{"outboxd_dead_rows", "Dead rows in the table at the last sample; counting stops at a cap."},
    Figure{
        "outboxd_oldest_pending_age_seconds",
        "The lag: for how long the row that has waited longest had been due at the last sample; one that was tried "
        "before counts from its creation; 0 when none is due."},
    Figure{"outboxd_oldest_dead_age_seconds",
           "How old the oldest dead row was at the last sample, since its last change where the table has that time, "
           "and since its creation otherwise; 0 when none is dead."},
    Figure{"outboxd_locked_rows",
           "Rows due for more than ten seconds that claims pass over, as other transactions keep them locked, at the "
           "last sample; counting stops at 100."}};
constexpr std::array kCounts{"pending", "due", "delayed", "leased", "retrying", "dead"};

}  // namespace

BacklogMetrics::BacklogMetrics(const DispatcherSeries& series)
    : timestamp_{series.gauge("outboxd_sample_timestamp_seconds",
                              "When the table was last sampled, in seconds since 1970; 0 when it never was.")},
      failures_{series.counter("outboxd_sample_failures_total",
                               "Samples of the table that failed; the gauges keep the values of the last one for two "
                               "minutes, and are NaN then.")} {
  for (const auto& [name, help] : kFigures) figures_[name] = &series.gauge(name, help);
  auto& capped = series.gauges("outboxd_sample_capped",
                               "1 where the count stopped at its cap at the last sample, so that there may be more.");
  for (const auto* count : kCounts) capped_[count] = &capped.Add(series.labels("count", count));
  forget();
}

// Figures that are not known are no zeros: 0 would mean that all is well.
void BacklogMetrics::forget() {
  for (const auto* all : {&figures_, &capped_}) {
    for (const auto& [name, gauge] : *all) gauge->Set(std::numeric_limits<double>::quiet_NaN());
  }
}

void BacklogMetrics::sampled(const dispatch::BacklogSample& sample) {
  const auto age = [](const auto& time) { return in_seconds(time.value_or(std::chrono::milliseconds(0))); };
  const auto set = [this](const char* name, double value) { figures_.find(name)->second->Set(value); };
  const auto count = [&](const char* name, std::uint64_t rows, bool capped) {
    set((std::string{"outboxd_"} + name + "_rows").c_str(), static_cast<double>(rows));
    capped_.find(name)->second->Set(capped || (sample.cap > 0 && rows >= sample.cap) ? 1 : 0);
  };
  count("pending", sample.pending, false);
  count("due", sample.due, sample.more_due);
  count("delayed", sample.delayed, sample.more_later);
  count("leased", sample.leased, sample.more_due || sample.more_later);
  count("retrying", sample.retrying, sample.more_later);
  count("dead", sample.dead, false);
  set("outboxd_oldest_pending_age_seconds", age(sample.oldest_pending));
  set("outboxd_oldest_dead_age_seconds",
      sample.dead > 0 && !sample.oldest_dead ? std::numeric_limits<double>::quiet_NaN() : age(sample.oldest_dead));
  set("outboxd_locked_rows", static_cast<double>(sample.locked.rows));
  timestamp_.Set(unix_seconds_now());
  is_new_ = true;
}

void BacklogMetrics::beat(TimePoint now) {
  if (std::exchange(is_new_, false)) sampled_at_ = now;
  if (!sampled_at_ || now - *sampled_at_ < kStale) return;
  sampled_at_.reset();
  forget();
}

}  // namespace outboxd::telemetry
