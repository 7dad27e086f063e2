// SPDX-License-Identifier: Apache-2.0
#include "replay/warnings.hpp"

#include "config/units.hpp"
#include "streams/shown.hpp"

#include <algorithm>

namespace outboxd::replay {

using std::chrono::milliseconds;
using Kind = streams::SeenStream::Kind;
using streams::shown;

namespace {

using Warnings = std::vector<std::string>;

std::string count_of(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string entries(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

void warn_of_retention(const Plan& plan, Warnings& warnings) {
  if (plan.retention == milliseconds{0}) return;
  const auto kept_since = plan.now - plan.retention;
  if (plan.choice.since && *plan.choice.since >= kept_since) return;
  warnings.push_back("dispatcher.retention is " + config::show_duration(plan.retention.count()) +
                     ": rows that were published before " + text_of(kept_since) +
                     " are removed, and can't be published again");
}

void warn_of_removed_rows(const Plan& plan, const ChosenRows& chosen, Warnings& warnings) {
  const auto& since = plan.choice.since;
  if (!since) return;
  const auto& kept = chosen.oldest_kept;
  if (kept && *kept <= *since) return;
  warnings.push_back("stream " + shown(chosen.stream) + ": " +
                     (kept ? "the oldest published row that the table has is of " + text_of(*kept)
                           : std::string{"the table has no published row with a time"}) +
                     ", after --since: if others were published between, they have been removed");
}

void warn_of_the_bound(const ChosenRows& chosen, Warnings& warnings) {
  if (chosen.rows <= chosen.bound.maxlen) return;
  warnings.push_back("stream " + shown(chosen.stream) + " keeps about " + entries(chosen.bound.maxlen) +
                     ": of these " + count_of(chosen.rows, "row") + " the first " +
                     std::to_string(chosen.rows - chosen.bound.maxlen) +
                     " are trimmed again while the others are published, unless consumers read them at once; "
                     "replay less at a time, or slower (--rate)");
}

void warn_of_group(const ChosenRows& chosen, const streams::GroupReport& group, Warnings& warnings) {
  const auto name = streams::shown_group(chosen.stream, group.name);
  const auto lost = pushed_out(group.lag, *chosen.in_redis->seen.length, chosen.rows, chosen.bound.maxlen);
  const std::string remedy = "let the group read first, replay slower (--rate) or less, or raise the bound";
  if (lost.number.value_or(0) > 0) {
    warnings.push_back("stream " + name + ": the replay pushes out " + entries(*lost.number) +
                       " that it has not read (MAXLEN " + std::to_string(chosen.bound.maxlen) + "): " + remedy);
  } else if (!lost.number && lost.at_most.value_or(1) > 0) {
    warnings.push_back("stream " + name + ": how many unread entries the replay pushes out is unknown" +
                       (lost.at_most ? " (at most " + std::to_string(*lost.at_most) + ")" : "") + ": " +
                       lost.why_unknown + "; " + remedy);
  }
}

void warn_of_redis(const ChosenRows& chosen, Warnings& warnings) {
  if (!chosen.in_redis) return;
  const auto& seen = chosen.in_redis->seen;
  if (seen.kind == Kind::missing) return;
  const auto why = [&]() -> std::string {
    if (seen.kind == Kind::unknown) return seen.why_unknown;
    if (!seen.length) return seen.why_no_length;
    return seen.groups ? "" : seen.why_no_groups;
  }();
  if (!why.empty()) {
    warnings.push_back(
        "stream " + shown(chosen.stream) +
        ": whether the replay pushes out entries that a group has not read can't be known here: " + why);
    return;
  }
  for (const auto& group : chosen.in_redis->groups) {
    if (group.seen) warn_of_group(chosen, group, warnings);
  }
}

}  // namespace

std::uint64_t Plan::rows() const {
  std::uint64_t rows = 0;
  for (const auto& chosen : streams) rows += chosen.rows;
  return rows;
}

redis::Figure pushed_out(const redis::Figure& unread, std::uint64_t length, std::uint64_t rows,
                         std::uint64_t maxlen) {
  if (rows == 0) return {.number = 0};
  // At the last of these rows, those before it are unread entries, too.
  const auto more = rows - 1;
  auto then = unread;
  if (then.number) *then.number += more;
  if (then.at_most) *then.at_most += more;
  auto lost = redis::unread_at_risk(then, length + more, maxlen);
  if (lost.number) lost.number = std::min(*lost.number, *unread.number);
  if (lost.at_most) lost.at_most = std::min({*lost.at_most, length, unread.at_most.value_or(length)});
  return lost;
}

std::vector<std::string> warnings_of(const Plan& plan) {
  Warnings warnings;
  if (!plan.is_signed) {
    warnings.emplace_back("no signing key is set: the entries are unsigned, and consumers in mode stable skip them");
  }
  warn_of_retention(plan, warnings);
  if (!plan.why_no_redis.empty()) {
    warnings.push_back("whether entries that a group has not read are pushed out is unknown: " + plan.why_no_redis);
  }
  for (const auto& chosen : plan.streams) {
    warn_of_removed_rows(plan, chosen, warnings);
    if (chosen.untimed > 0 && plan.choice.ids.empty()) {
      warnings.push_back("stream " + shown(chosen.stream) + ": " + count_of(chosen.untimed, "published row") +
                         " without a time in " + plan.time_column + " left out; choose by --id");
    }
    if (chosen.rows == 0) continue;
    warn_of_the_bound(chosen, warnings);
    warn_of_redis(chosen, warnings);
  }
  if (!plan.is_exact_time && (plan.choice.since || plan.choice.until)) {
    warnings.push_back("the table has no column for the time of publishing: --since and --until compare " +
                       plan.time_column);
  }
  return warnings;
}

std::vector<std::string> wrong_types_of(const Plan& plan) {
  std::vector<std::string> texts;
  for (const auto& chosen : plan.streams) {
    if (chosen.rows > 0 && chosen.in_redis && chosen.in_redis->seen.kind == Kind::other_type) {
      texts.push_back(streams::wrong_type_text(chosen.in_redis->seen));
    }
  }
  return texts;
}

}  // namespace outboxd::replay
