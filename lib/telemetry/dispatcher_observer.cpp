// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher_observer.hpp"

#include "outbox/utf8.hpp"

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

/// What a line says of those that its rate kept back.
std::string also_left_out(std::uint64_t lines) {
  return lines == 0 ? "" : fmt::format("; {} more, of this or of others, had no line since the last such one", lines);
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
    case Health::table_unfit:
      return "the table can't be driven as it is" + because + "; nothing is claimed until it can";
    case Health::stopping:
      return "stopping";
  }
  return "in an unknown state" + because;
}

spdlog::level::level_enum level_of(Health health) {
  const bool waits =
      health == Health::redis_unavailable || health == Health::postgres_unavailable || health == Health::table_unfit;
  return waits ? spdlog::level::warn : spdlog::level::info;
}

}  // namespace

DispatcherObserver::DispatcherObserver(Metrics& metrics, Readiness& readiness, std::string dispatcher,
                                       const std::vector<std::string>& streams)
    : DispatcherMetrics(metrics, dispatcher, streams), readiness_(readiness), dispatcher_(std::move(dispatcher)) {
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
  log_health(health, description);
}

void DispatcherObserver::log_health(Health health, const std::string& description) {
  const bool waits = level_of(health) == spdlog::level::warn;
  const auto now = std::chrono::steady_clock::now();
  if (waits && !waits_since_) waits_since_ = now;
  const auto waited_since = waits ? std::nullopt : std::exchange(waits_since_, std::nullopt);
  // A wait whose reason changes from one attempt to the next is still one state.
  if (logged_ == health) return;
  // What ends an outage is always said: the log's last word must not be of one that is over.
  const auto line = waits ? outage_lines_.admit(now) : OutageRate::Line::its_own;
  if (line == OutageRate::Line::none) return;
  logged_ = health;
  std::string after;
  if (waited_since && health == Health::working) {
    after = fmt::format(" again, after {:.1f} s", std::chrono::duration<double>(now - *waited_since).count());
  }
  if (line == OutageRate::Line::last_of_many) after = "; it changes too often for a line each: see /readyz";
  spdlog::log(level_of(health), "{}: {}{}", dispatcher_, description, after);
}

void DispatcherObserver::failed(std::string_view stream, Fault fault, std::string_view reason) {
  DispatcherMetrics::failed(stream, fault, reason);
  if (fault == Fault::lease_short) {
    if (!lines_of_short_leases_.admit("")) return;
    spdlog::warn(
        "{}: rows were given back unsent, as too little was left of their lease ({}); claims take fewer rows",
        dispatcher_, reason);
    return;
  }
  if (fault != Fault::entry_refused && fault != Fault::refused && fault != Fault::short_of_memory) return;
  const auto kept_back = lines_of_refusals_.admit(stream);
  if (!kept_back) return;
  spdlog::warn("{}: a row of stream {} was not published ({}); it is tried again{}", dispatcher_, brief(stream),
               cut(reason), also_left_out(*kept_back));
}

void DispatcherObserver::died(std::string_view id, std::string_view stream, std::string_view reason) {
  DispatcherMetrics::died(id, stream, reason);
  const auto kept_back = lines_of_the_dead_.admit(stream);
  if (!kept_back) return;
  const auto of_stream = stream.empty() ? std::string{} : fmt::format(" of stream {}", brief(stream));
  spdlog::error("{}: row {}{} is dead ({}){}", dispatcher_, brief(id), of_stream, cut(reason),
                also_left_out(*kept_back));
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
  const auto kept_back = lines_of_ambiguous_entries_.admit(stream);
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
  blocked_.emplace(stream, brief(reason));
  note_blocked_streams(blocked);
  const auto kept_back = lines_of_blocked_.admit(stream);
  if (!kept_back) return;
  spdlog::warn(
      "{}: stream {} is blocked ({}): its rows wait with their attempts, and others go on; it is probed until Redis "
      "takes it again. Blocked streams: {}{}",
      dispatcher_, brief(stream), cut(reason), blocked,
      *kept_back > 0 ? fmt::format("; {} such lines were left out since the last one", *kept_back) : "");
}

void DispatcherObserver::stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) {
  DispatcherMetrics::stream_freed(stream, after, blocked);
  if (const auto known = blocked_.find(stream); known != blocked_.end()) blocked_.erase(known);
  note_blocked_streams(blocked);
  if (!lines_of_freed_.admit(stream)) return;
  spdlog::info("{}: stream {} is no longer blocked, after {:.1f} s", dispatcher_, brief(stream),
               std::chrono::duration<double>(after).count());
}

void DispatcherObserver::note_blocked_streams(std::size_t blocked) {
  constexpr std::size_t kMostNamed = 10;
  std::string text = blocked > 1 ? fmt::format("{} streams are blocked, among them: ", blocked) : "";
  const char* separator = "";
  std::size_t named = 0;
  for (const auto& [stream, reason] : blocked_) {
    if (named++ == kMostNamed) break;
    text += fmt::format("{}stream {} is blocked ({})", std::exchange(separator, "; "), brief(stream), reason);
  }
  readiness_.note(dispatcher_, text);
}

void DispatcherObserver::refused_by_store(std::span<const dispatch::RefusedRow> rows) {
  DispatcherMetrics::refused_by_store(rows);
  const auto& first = rows.front();
  if (!lines_of_held_up_.admit(first.id)) return;
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
        "README, Wake-ups)",
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
  }
  spdlog::warn(
      "{}: a look through the table's index takes {:.2f} s, as it passes many entries of rows that are gone, or of "
      "other streams; {} {}. Claims begin where the last one ended, and what comes to lie before that is found later",
      dispatcher_, std::chrono::duration<double>(look.took).count(), oldest, look.who);
}

void DispatcherObserver::freed_rows_of(std::string_view worker) {
  DispatcherMetrics::freed_rows_of(worker);
  const auto kept_back = lines_of_dead_workers_.admit("");
  if (!kept_back) return;
  spdlog::warn("{}: worker {} is dead (its Postgres sessions are gone): its leases are ended{}", dispatcher_,
               brief(worker), also_left_out(*kept_back));
}

void DispatcherObserver::settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) {
  DispatcherMetrics::settled(rows, leases_lost, took);
  if (leases_lost == 0) return;
  const auto kept_back = lines_of_lost_leases_.admit("");
  if (!kept_back) return;
  spdlog::warn("{}: {} row(s) had been taken over by another worker when their outcome came; it was not written{}",
               dispatcher_, leases_lost,
               *kept_back > 0 ? fmt::format("; nor {} times since the last such line", *kept_back) : "");
}

}  // namespace outboxd::telemetry
