// SPDX-License-Identifier: Apache-2.0
// What the log says as time goes by: reminders of what lasts, the ends of it, and summaries of what had no line.
#include "outbox/utf8.hpp"
#include "telemetry/dispatcher_observer.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace outboxd::telemetry {

namespace {

constexpr std::size_t kLongestName = 200;

// A sample that fails alone may be one that is cut off with its session; the next one comes after five seconds.
constexpr std::chrono::seconds kSamplesMayFail{10};

/// Of how many among so many no id is listed.
std::uint64_t unlisted(const std::vector<Digest::Id>& ids, std::uint64_t count) {
  for (const auto& id : ids) count -= std::min(count, id.times);
  return count;
}

std::string listed(const std::vector<Digest::Id>& ids, std::uint64_t count) {
  std::string text;
  for (const auto& [id, times] : ids) {
    text.append(text.empty() ? "" : ", ").append(id);
    if (times > 1) text += fmt::format(" ({} times)", times);
  }
  return text.empty() ? text : ": " + text + (unlisted(ids, count) > 0 ? ", ..." : "");
}

bool is_due(const std::optional<DispatcherObserver::TimePoint>& told, DispatcherObserver::TimePoint now) {
  return !told || now - *told >= HealthLog::kReminder;
}

}  // namespace

void DispatcherObserver::beat() {
  const auto now = now_();
  look_for_a_pause(now);
  pauses_.beat(now);
  count_last_minute(0);
  log_health(health_log_.beat(now));
  remind_of_blocked_streams(now);
  remind_of_held_up_rows(now);
  if (const auto line = locked_rows_.beat(now)) spdlog::warn("{}: {}", dispatcher_, *line);
  tell_of_failed_samples(now);
  write_summaries(now, false);
}

void DispatcherObserver::write_summaries() {
  write_summaries(now_(), true);
}

void DispatcherObserver::look_for_a_pause(TimePoint now) {
  const auto pause = pauses_.look(now);
  if (!pause) return;
  health_log_.was_paused(now);
  spdlog::warn(
      "{}: the process was not running for {} (stopped, suspended with its machine, or without CPU): what timed out "
      "meanwhile is tried anew",
      dispatcher_, lasted(*pause));
}

void DispatcherObserver::write_summaries(TimePoint now, bool all) {
  for (const auto& [stream, reason, count, ids] : deaths_.over(now, all)) {
    const auto which = stream.empty() && reason.empty() ? std::string{" of further streams and for further reasons"}
                       : stream.empty()                 ? std::string{}
                                                        : " of stream " + utf8::shortened(stream, kLongestName);
    const auto why = reason.empty() ? std::string{} : " (" + reason + ")";
    spdlog::error("{}: {} more row(s){} died within the minute{}{}{}", dispatcher_, count, which, why,
                  listed(ids, count), unlisted(ids, count) > 0 ? "; at log.level debug each has a line" : "");
  }
  for (const auto& [stream, reason, count, ids] : refusals_.over(now, all)) {
    spdlog::warn("{}: {} more times a row{} was not published within the minute{}", dispatcher_, count,
                 stream.empty() ? std::string{} : " of stream " + utf8::shortened(stream, kLongestName),
                 reason.empty() ? std::string{} : " (" + reason + ")");
  }
  for (const auto& [nothing, reason, count, ids] : held_up_lines_.over(now, all)) {
    spdlog::warn("{}: {} more times rows were held up by Postgres within the minute{}{}", dispatcher_, count,
                 reason.empty() ? std::string{} : " (" + reason + ")", listed(ids, count));
  }
  for (const auto& [nothing, reason, count, workers] : dead_workers_.over(now, all)) {
    spdlog::warn("{}: {} more worker(s) were found dead within the minute{}", dispatcher_, count,
                 listed(workers, count));
  }
  for (const auto& summary : lost_leases_.over(now, all)) {
    spdlog::warn("{}: the outcome of {} more row(s) was not written within the minute: {}", dispatcher_,
                 summary.count, summary.subject);
  }
  for (const auto& trouble : troubles_.over(now)) {
    spdlog::info("{}: no row of stream {} was refused for a minute; {} time(s) one was, within {}", dispatcher_,
                 trouble.stream, trouble.refusals, lasted(trouble.last - trouble.first));
  }
}

void DispatcherObserver::remind_of_blocked_streams(TimePoint now) {
  // What was kept back is in the reminder, as far as it still is so.
  lines_of_blocked_.over(now);
  if (blocked_.empty() || now - told_of_blocked_ < HealthLog::kReminder) return;
  constexpr std::size_t kMostNamed = 10;
  told_of_blocked_ = now;
  std::string named;
  std::size_t count = 0;
  for (auto& [stream, block] : blocked_) {
    if (count++ == kMostNamed) break;
    block.told = now;
    named += fmt::format("{}{} for {} ({})", named.empty() ? "" : "; ", utf8::shortened(stream, kLongestName),
                         lasted(now - block.since), block.reason);
  }
  spdlog::warn("{}: {} stream(s) are blocked{}: {}", dispatcher_, blocked_.size(),
               blocked_.size() > kMostNamed ? ", among them" : "", named);
}

void DispatcherObserver::held_up(std::size_t rows) {
  DispatcherMetrics::held_up(rows);
  const auto now = now_();
  held_up_rows_ = rows;
  if (rows > 0) {
    if (!held_up_since_) held_up_since_ = now;
    note_held_up_rows();
    return;
  }
  note(Note::held_up_rows, {});
  const auto since = std::exchange(held_up_since_, std::nullopt);
  // What no line has named needs no end; a first line may come just before the rows are counted.
  if (!since || !last_refused_.told || *last_refused_.told + std::chrono::seconds{1} < *since) return;
  spdlog::info("{}: no row is held up by Postgres any more, after {}", dispatcher_, lasted(now - *since));
}

void DispatcherObserver::note_held_up_rows() {
  if (!held_up_since_) return;
  note(
      Note::held_up_rows,
      fmt::format("{} row(s) are held up by Postgres while others go on (outboxd_held_up_rows), the first since {}{}",
                  held_up_rows_, began_at(now_() - *held_up_since_),
                  last_refused_.reason.empty() ? "" : "; the last one: " + last_refused_.reason));
}

void DispatcherObserver::remind_of_held_up_rows(TimePoint now) {
  if (!held_up_since_) return;
  if (now - std::max(last_refused_.told.value_or(*held_up_since_), *held_up_since_) < HealthLog::kReminder) return;
  last_refused_.told = now;
  spdlog::warn("{}: {} row(s) are held up by Postgres while others go on, the first since {}{}", dispatcher_,
               held_up_rows_, lasted(now - *held_up_since_),
               last_refused_.reason.empty() ? "" : "; the last one: " + last_refused_.reason);
}

void DispatcherObserver::note(Note about, std::string text) {
  notes_.at(static_cast<std::size_t>(about)) = std::move(text);
  std::string all;
  for (const auto& one : notes_) {
    if (!one.empty()) all.append(all.empty() ? "" : "; ").append(one);
  }
  readiness_.note(dispatcher_, all);
}

void DispatcherObserver::sampled(const dispatch::BacklogSample& sample) {
  DispatcherMetrics::sampled(sample);
  note_locked_rows(sample.locked);
  const auto failed = std::exchange(failed_samples_, std::nullopt);
  if (!failed) return;
  note(Note::failed_samples, {});
  if (failed->told) {
    spdlog::info("{}: the table is sampled again, after {}", dispatcher_, lasted(now_() - failed->since));
  }
}

void DispatcherObserver::note_locked_rows(const dispatch::LockedRows& rows) {
  const auto line = locked_rows_.sampled(rows, now_());
  const auto since = locked_rows_.since();
  if (line) spdlog::log(since ? spdlog::level::warn : spdlog::level::info, "{}: {}", dispatcher_, *line);
  note(Note::locked_rows, since ? locked_rows_.described() + ", so since " + began_at(now_() - *since) : "");
}

void DispatcherObserver::sample_failed(std::string_view reason) {
  DispatcherMetrics::sample_failed(reason);
  const auto now = now_();
  look_for_a_pause(now);
  if (!failed_samples_) failed_samples_ = Standing{now, std::nullopt, {}};
  failed_samples_->reason = utf8::shortened(reason, kLongestName);
  note(Note::failed_samples, "the table can't be sampled (" + failed_samples_->reason +
                                 "): its figures are those of outboxd_sample_timestamp_seconds");
}

void DispatcherObserver::tell_of_failed_samples(TimePoint now) {
  // What keeps a dispatcher from its work has a line already.
  if (!failed_samples_ || is_wait(health_log_.health())) return;
  if (now - failed_samples_->since < kSamplesMayFail || !is_due(failed_samples_->told, now)) return;
  failed_samples_->told = now;
  spdlog::warn(
      "{}: the table can't be sampled for {} ({}): outboxd_pending_rows, outboxd_dead_rows and the like keep their "
      "values of outboxd_sample_timestamp_seconds",
      dispatcher_, lasted(now - failed_samples_->since), failed_samples_->reason);
}

}  // namespace outboxd::telemetry
