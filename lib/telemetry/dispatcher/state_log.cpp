// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/state_log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

namespace outboxd::telemetry {

using dispatch::Health;

namespace {

/// A readable description of the state, with the reason where there is one.
std::string describe(Health health, std::string_view reason) {
  const auto because = in_brackets(cut(reason));
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
      return "the table can't be used as it is" + because + "; nothing is claimed until it can";
    case Health::stopping:
      return "stopping";
  }
  return "in an unknown state" + because;
}

}  // namespace

StateLog::StateLog(const LogContext& context, Readiness& readiness) : LogPart{context}, readiness_{readiness} {
  readiness_.not_ready(name(), "starting");
}

void StateLog::health(Health health, std::string_view reason) {
  const auto description = describe(health, reason);
  if (health == Health::working) {
    readiness_.ready(name());
  } else {
    readiness_.not_ready(name(), description);
  }
  const auto at = now();
  look_for_a_pause(at);
  write(health_log_.changed(health, description, at));
}

void StateLog::write(const std::optional<std::string>& line) {
  if (!line) return;
  spdlog::log(is_wait(health_log_.health()) ? spdlog::level::warn : spdlog::level::info, "{}: {}", name(), *line);
}

void StateLog::beat(TimePoint now) {
  look_for_a_pause(now);
  pauses_.beat(now);
  write(health_log_.beat(now));
}

void StateLog::look_for_a_pause(TimePoint now) {
  const auto pause = pauses_.look(now);
  if (!pause) return;
  health_log_.was_paused(now);
  spdlog::warn(
      "{}: the process was not running for {} (stopped, suspended with its machine, or without CPU): requests "
      "that timed out meanwhile are tried again",
      name(), lasted(*pause));
}

void StateLog::wake_ups(bool there) {
  if (there) {
    spdlog::info("{}: commits wake it when it has nothing to do", name());
  } else {
    spdlog::info(
        "{}: finds rows by polling alone (its table has no trigger outboxd_wake_up, or a pooler is in between; "
        "deploy/README.md, Wake-ups)",
        name());
  }
}

void StateLog::looks_are_slow(const dispatch::SlowLook& look) {
  if (look.took.count() == 0) {
    spdlog::info("{}: a look through the table's index is quick again", name());
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
      name(), std::chrono::duration<double>(look.took).count(), oldest);
}

}  // namespace outboxd::telemetry
