// SPDX-License-Identifier: Apache-2.0
#include "telemetry/locked_rows_log.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/health_log.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

namespace outboxd::telemetry {

std::optional<std::string> LockedRowsLog::sampled(const dispatch::LockedRows& rows, TimePoint now) {
  rows_ = rows;
  if (rows.rows > 0) {
    if (since_) return std::nullopt;
    since_ = told_ = now;
    return described();
  }
  const auto since = std::exchange(since_, std::nullopt);
  if (!since) return std::nullopt;
  return "no due row is locked by another transaction any more, after " + lasted(now - *since);
}

std::optional<std::string> LockedRowsLog::beat(TimePoint now) {
  if (!since_ || now - told_ < HealthLog::kReminder) return std::nullopt;
  told_ = now;
  return described() + "; so it has been for " + lasted(now - *since_);
}

std::string LockedRowsLog::described() const {
  constexpr std::size_t kMostCounted = 100;
  constexpr std::size_t kLongestId = 200;
  return fmt::format("{}{} row(s) are due for more than 10 s, and claims pass over them, {} (one is row {}): {}",
                     rows_.rows >= kMostCounted ? "at least " : "", rows_.rows, kKeepThemLocked,
                     utf8::shortened(rows_.first, kLongestId),
                     rows_.who.empty()
                         ? "which ones can't be seen; look for old transactions in pg_stat_activity, and end them"
                         : rows_.who + "; end that transaction");
}

}  // namespace outboxd::telemetry
