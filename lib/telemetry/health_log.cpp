// SPDX-License-Identifier: Apache-2.0
#include "telemetry/health_log.hpp"

#include "telemetry/reason_kind.hpp"
#include "telemetry/utc_time.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

namespace outboxd::telemetry {

using dispatch::Health;

namespace {

constexpr std::size_t kMostKinds = 50;

}  // namespace

std::string lasted(std::chrono::nanoseconds time) {
  using namespace std::chrono;
  if (time < seconds{100}) return fmt::format("{:.1f} s", duration<double>(time).count());
  const auto whole = duration_cast<minutes>(time).count();
  return whole < 120 ? fmt::format("{} min", whole) : fmt::format("{} h {} min", whole / 60, whole % 60);
}

std::string began_at(std::chrono::nanoseconds lasted) {
  using std::chrono::system_clock;
  return utc_text(system_clock::now() - std::chrono::duration_cast<system_clock::duration>(lasted));
}

bool is_wait(Health health) {
  return health == Health::redis_unavailable || health == Health::postgres_unavailable ||
         health == Health::writes_refused || health == Health::table_unfit;
}

std::optional<std::string> HealthLog::changed(Health health, std::string_view description, TimePoint now) {
  health_ = health;
  description_ = description;
  if (is_wait(health)) {
    if (!waits_since_) waits_since_ = now;
    return wait_line(now);
  }
  const auto waited_since = std::exchange(waits_since_, std::nullopt);
  told_.clear();
  // The end of a wait is always logged: the log's last line must not be about a wait that is over.
  if (logged_ == health) return std::nullopt;
  logged_ = health;
  auto line = description_;
  if (waited_since && health == Health::working) line += " again, after " + lasted(now - *waited_since);
  return line;
}

std::optional<std::string> HealthLog::wait_line(TimePoint now) {
  if (now < silent_until_) return std::nullopt;
  auto kind = kind_of(description_);
  // The reason may differ between attempts, if only in its numbers.
  if (logged_ == health_ && logged_kind_ == kind) return std::nullopt;
  const auto told = told_.find(kind);
  if (logged_ == health_ && told != told_.end() && now - told->second < kReminder) return std::nullopt;
  const auto rate = (logged_ == health_ ? reason_lines_ : outage_lines_).admit(now);
  if (rate == OutageRate::Line::none) return std::nullopt;
  if (told_.size() >= kMostKinds) told_.clear();
  told_[kind] = now;
  logged_ = health_;
  logged_kind_ = std::move(kind);
  logged_at_ = now;
  const bool is_last = rate == OutageRate::Line::last_of_many;
  return description_ + (is_last ? "; it changes too often for a line each: see /readyz" : "");
}

std::optional<std::string> HealthLog::beat(TimePoint now) {
  if (!waits_since_ || now < silent_until_) return std::nullopt;
  if (auto line = wait_line(now)) return line;
  if (logged_ != health_ || now - logged_at_ < kReminder) return std::nullopt;
  logged_at_ = now;
  logged_kind_ = kind_of(description_);
  return description_ + "; so it has been for " + lasted(now - *waits_since_);
}

}  // namespace outboxd::telemetry
