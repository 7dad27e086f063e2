// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher_observer.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/reason_kind.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {

using dispatch::Health;

namespace {

// Names come from rows, and reasons from servers: of a line they get a part, so that the rest can be read.

/// For names, and where there are many reasons.
std::string brief(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  return utf8::shortened(text, kLongest);
}

std::string cut(std::string_view reason) {
  constexpr std::size_t kLongest = 1'000;
  return utf8::shortened(reason, kLongest);
}

constexpr std::string_view kTakenOver = "another worker had taken them over by then";
constexpr std::string_view kLostInOutage =
    "their leases ended, or were lost, while Postgres was away; what was sent already is only marked when it is "
    "claimed again, unless another worker has it";
// Outcomes that waited for Postgres come within this.
constexpr std::chrono::seconds kSoonAfter{10};

std::string of_stream(std::string_view stream) {
  return stream.empty() ? std::string{} : fmt::format(" of stream {}", brief(stream));
}

/// What is the case, for people, with the reason where there is one.
std::string describe(Health health, std::string_view reason) {
  const auto because = reason.empty() ? std::string() : " (" + cut(reason) + ")";
  switch (health) {
    case Health::starting:
      return "starting" + because;
    case Health::working:
      return "working";
    case Health::redis_unavailable:
      return "Redis is unavailable" + because + "; nothing is claimed until it answers";
    case Health::postgres_unavailable:
      return "Postgres is unavailable" + because + "; nothing is claimed until it answers";
    case Health::writes_refused:
      return "Postgres answers, but lets no row be claimed or settled" + because +
             "; it is asked again until it does";
    case Health::table_unfit:
      return "the table can't be driven as it is" + because + "; nothing is claimed until it can";
    case Health::stopping:
      return "stopping";
  }
  return "in an unknown state" + because;
}

}  // namespace

DispatcherObserver::DispatcherObserver(Metrics& metrics, Readiness& readiness, std::string dispatcher,
                                       const std::vector<std::string>& streams, std::function<TimePoint()> now)
    : DispatcherMetrics(metrics, dispatcher, streams),
      readiness_(readiness),
      dispatcher_(std::move(dispatcher)),
      now_(std::move(now)) {
  readiness_.not_ready(dispatcher_, "starting");
}

void DispatcherObserver::health(Health health, std::string_view reason) {
  DispatcherMetrics::health(health, reason);
  const auto description = describe(health, reason);
  if (health == Health::working) {
    readiness_.ready(dispatcher_);
  } else {
    readiness_.not_ready(dispatcher_, description);
  }
  const auto now = now_();
  look_for_a_pause(now);
  const bool was_waiting = is_wait(health_log_.health());
  if (health == Health::postgres_unavailable || health_log_.health() == Health::postgres_unavailable) {
    postgres_away_at_ = now;
  }
  // Samples that failed meanwhile did so for that; those that come tell whether they still do.
  if (was_waiting && !is_wait(health) && failed_samples_ && !failed_samples_->told) {
    failed_samples_.reset();
    note(Note::failed_samples, {});
  }
  log_health(health_log_.changed(health, description, now));
}

void DispatcherObserver::log_health(const std::optional<std::string>& line) {
  if (!line) return;
  spdlog::log(is_wait(health_log_.health()) ? spdlog::level::warn : spdlog::level::info, "{}: {}", dispatcher_,
              *line);
}

void DispatcherObserver::failed(std::string_view stream, Fault fault, std::string_view reason) {
  DispatcherMetrics::failed(stream, fault, reason);
  const auto now = now_();
  if (fault == Fault::lease_short) {
    if (!lines_of_short_leases_.admit("", now)) return;
    spdlog::warn("{}: rows were given back unsent, as too little was left of their lease ({})", dispatcher_, reason);
    return;
  }
  if (fault != Fault::entry_refused && fault != Fault::refused && fault != Fault::short_of_memory) return;
  troubles_.refused(stream, now);
  if (!refusals_.admit(stream, reason, "", now)) return;
  spdlog::warn("{}: a row of stream {} was not published ({}); it is tried again", dispatcher_, brief(stream),
               cut(reason));
}

void DispatcherObserver::died(std::string_view id, std::string_view stream, Fault fault, std::string_view reason) {
  DispatcherMetrics::died(id, stream, fault, reason);
  const bool has_line = deaths_.admit(stream, reason, id, now_());
  const auto level = has_line ? spdlog::level::err : spdlog::level::debug;
  if (!spdlog::should_log(level)) return;
  spdlog::log(level, "{}: row {}{} is dead ({})", dispatcher_, brief(id), of_stream(stream), cut(reason));
}

void DispatcherObserver::reserved_fields_dropped(std::string_view stream, std::size_t fields) {
  DispatcherMetrics::reserved_fields_dropped(stream, fields);
  if (std::exchange(logged_reserved_, true)) return;
  spdlog::warn(
      "{}: a payload for stream {} has {} field(s) with a reserved name (such as outbox_id or _sig): dropped; "
      "rename them. Further ones are only counted (outboxd_reserved_fields_dropped_total)",
      dispatcher_, brief(stream), fields);
}

void DispatcherObserver::ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why,
                                         bool dead) {
  DispatcherMetrics::ambiguous_entry(id, stream, why, dead);
  // A dead row has a line of its own.
  if (dead) return;
  const auto kept_back = lines_of_ambiguous_entries_.admit(stream, now_());
  if (!kept_back) return;
  spdlog::warn(
      "{}: row {} of stream {} is ambiguous ({}): its signature is good for another entry, too, so consumers should "
      "refuse it. It goes out all the same unless signing.ambiguous is \"dead\". Further ones of this stream are "
      "only counted (outboxd_ambiguous_entries_total) for an hour{}",
      dispatcher_, brief(id), brief(stream), why,
      *kept_back > 0 ? fmt::format("; so were {} since the last such line", *kept_back) : "");
}

void DispatcherObserver::stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) {
  DispatcherMetrics::stream_blocked(stream, reason, blocked);
  const auto now = now_();
  const auto [known, is_new] = blocked_.try_emplace(std::string{stream}, Standing{now, std::nullopt, brief(reason)});
  auto& block = known->second;
  const auto before = std::exchange(block.reason, brief(reason));
  note_blocked_streams(blocked);
  if (!is_new && kind_of(before) == kind_of(block.reason)) return;
  // One that is kept back is among those of the next reminder.
  if (!lines_of_blocked_.admit(stream, reason, "", now)) return;
  block.told = now;
  if (blocked_.size() == 1) told_of_blocked_ = now;
  spdlog::warn(
      "{}: stream {} is blocked ({}): its rows wait with their attempts, and others go on; it is probed until Redis "
      "takes it again. Blocked streams: {}",
      dispatcher_, brief(stream), cut(reason), blocked);
}

void DispatcherObserver::stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) {
  DispatcherMetrics::stream_freed(stream, after, blocked);
  const auto known = blocked_.find(stream);
  const bool was_told = known != blocked_.end() && known->second.told;
  if (known != blocked_.end()) blocked_.erase(known);
  note_blocked_streams(blocked);
  // Whatever the log has called blocked is said to be free again.
  if (was_told)
    spdlog::info("{}: stream {} is no longer blocked, after {}", dispatcher_, brief(stream), lasted(after));
}

void DispatcherObserver::note_blocked_streams(std::size_t blocked) {
  constexpr std::size_t kMostNamed = 10;
  std::string text = blocked > 1 ? fmt::format("{} streams are blocked, among them: ", blocked) : "";
  const char* separator = "";
  std::size_t named = 0;
  const auto now = now_();
  for (const auto& [stream, block] : blocked_) {
    if (named++ == kMostNamed) break;
    text += fmt::format("{}stream {} is blocked since {} ({})", std::exchange(separator, "; "), brief(stream),
                        began_at(now - block.since), block.reason);
  }
  note(Note::blocked_streams, std::move(text));
}

void DispatcherObserver::refused_by_store(std::span<const dispatch::RefusedRow> rows) {
  DispatcherMetrics::refused_by_store(rows);
  const auto& first = rows.front();
  last_refused_.reason = brief(first.reason);
  note_held_up_rows();
  const auto now = now_();
  if (!held_up_lines_.admit("", first.reason, first.id, now, rows.size())) return;
  last_refused_.told = now;
  spdlog::warn("{}: {} row(s) are held up by Postgres while their neighbours go on; row {}: {}; {}", dispatcher_,
               rows.size(), brief(first.id), cut(first.reason), first.dead ? "it is dead" : "it is tried again");
}

void DispatcherObserver::wake_ups(bool there) {
  DispatcherMetrics::wake_ups(there);
  if (there) {
    spdlog::info("{}: commits wake it when it has nothing to do", dispatcher_);
  } else {
    spdlog::info(
        "{}: finds rows by polling alone (its table has no trigger outboxd_wake_up, or a pooler is in between; "
        "deploy/README.md, Wake-ups)",
        dispatcher_);
  }
}

void DispatcherObserver::looks_are_slow(const dispatch::SlowLook& look) {
  DispatcherMetrics::looks_are_slow(look);
  if (look.took.count() == 0) {
    spdlog::info("{}: a look through the table's index is quick again", dispatcher_);
    return;
  }
  std::string oldest = "no old snapshot is held";
  if (look.holder != dispatch::SnapshotHolder::none) {
    oldest = "the oldest snapshot, which keeps them, is held by";
    if (look.held_for)
      oldest = fmt::format("the oldest snapshot, which keeps them, is held since {} s by", look.held_for->count());
    oldest.append(" ").append(look.who);
  }
  spdlog::warn(
      "{}: a look through the table's index takes {:.2f} s, as it passes many entries of rows that are gone, or of "
      "other streams; {}. Claims begin where the last one ended, and what comes to lie before that is found later",
      dispatcher_, std::chrono::duration<double>(look.took).count(), oldest);
}

void DispatcherObserver::freed_rows_of(std::string_view worker) {
  DispatcherMetrics::freed_rows_of(worker);
  if (!dead_workers_.admit("", "", worker, now_())) return;
  spdlog::warn("{}: worker {} is dead (its Postgres sessions are gone): its leases are ended", dispatcher_,
               brief(worker));
}

bool DispatcherObserver::postgres_was_away(TimePoint now) const {
  return postgres_away_at_ &&
         (health_log_.health() == Health::postgres_unavailable || now - *postgres_away_at_ < kSoonAfter);
}

void DispatcherObserver::settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) {
  DispatcherMetrics::settled(rows, leases_lost, took);
  if (leases_lost == 0) return;
  const auto now = now_();
  const auto why = postgres_was_away(now) ? kLostInOutage : kTakenOver;
  if (!lost_leases_.admit(why, "", "", now, leases_lost)) return;
  spdlog::warn("{}: the outcome of {} row(s) was not written: {}", dispatcher_, leases_lost, why);
}

}  // namespace outboxd::telemetry
