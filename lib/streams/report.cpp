// SPDX-License-Identifier: Apache-2.0
#include "streams/report.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::streams {
namespace {

std::optional<bool> is_pending_gone(const SeenStream& stream, const SeenGroup& seen) {
  if (seen.group.pending == 0) return false;
  if (!seen.oldest_pending || !stream.info) return std::nullopt;
  const auto& id = seen.oldest_pending->id;
  const auto& info = *stream.info;
  if (!info.first || !info.last || info.first->is_above(id) || id.is_above(*info.last)) return true;
  // In between XDEL may have removed it, up to this id.
  const bool is_first = !id.is_above(*info.first);
  if (is_first || (info.max_deleted && id.is_above(*info.max_deleted))) return false;
  return std::nullopt;
}

GroupReport report_of(const Wanted& wanted, const SeenStream& stream, const SeenGroup& seen, bool exact_counters) {
  GroupReport report{.name = seen.group.name, .seen = seen};
  const redis::Figure unknown{.number = {}, .why_unknown = stream.why_no_info};
  if (stream.info) {
    report.lag = redis::unread(*stream.info, seen.group, exact_counters);
    if (!report.lag.number && seen.counted_unread) report.lag = {.number = seen.counted_unread};
    report.lost = redis::lost_unread(*stream.info, seen.group, exact_counters);
  } else {
    report.lag = report.lost = unknown;
  }
  if (wanted.cut_to && stream.length) {
    report.at_risk = redis::unread_at_risk(report.lag, *stream.length, wanted.cut_to->maxlen);
    if (!report.at_risk.number && seen.counted_at_risk) report.at_risk = {.number = seen.counted_at_risk};
  } else {
    report.at_risk.why_unknown = wanted.cut_to ? stream.why_no_info : "no dispatcher of this configuration cuts it";
  }
  report.pending_gone = is_pending_gone(stream, seen);
  return report;
}

}  // namespace

StreamReport report_of(Wanted wanted, SeenStream seen, bool exact_counters) {
  StreamReport report{.wanted = std::move(wanted), .seen = std::move(seen), .groups = {}};
  if (report.seen.groups) {
    for (const auto& group : *report.seen.groups) {
      report.groups.push_back(report_of(report.wanted, report.seen, group, exact_counters));
    }
  }
  for (const auto& declared : report.wanted.declared.groups) {
    const auto found = std::ranges::find(report.groups, declared.name, &GroupReport::name);
    auto& group =
        found != report.groups.end() ? *found : report.groups.emplace_back(GroupReport{.name = declared.name});
    group.is_declared = true;
    group.is_optional = declared.optional;
  }
  return report;
}

std::optional<std::chrono::milliseconds> age_of(const std::optional<redis::EntryId>& id,
                                                std::optional<std::chrono::milliseconds> now) {
  // Ids that producers choose themselves need not be times.
  constexpr std::uint64_t kYear2000 = 946'684'800'000;
  constexpr std::chrono::hours kClocksDiffer{1};
  if (!id || !now || id->milliseconds < kYear2000) return std::nullopt;
  const auto age = *now - std::chrono::milliseconds{id->milliseconds};
  if (age < -kClocksDiffer) return std::nullopt;
  return std::max(age, std::chrono::milliseconds{0});
}

}  // namespace outboxd::streams
