// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/group_history.hpp"

namespace outboxd::stream_metrics {
namespace {

using redis::EntryId;

bool is_same(const EntryId& one, const EntryId& other) {
  return !one.is_above(other) && !other.is_above(one);
}

}  // namespace

std::optional<std::uint64_t> GroupHistory::behind(const Sample& now) const {
  const auto& stream = now.stream;
  if (!now.position || !now.entries_read || !stream.entries_added || !stream.last_generated) return std::nullopt;
  const bool read_all = !stream.last_generated->is_above(*now.position);
  if (read_all && *now.entries_read <= *stream.entries_added) return *stream.entries_added - *now.entries_read;
  // Nothing was ever removed.
  if (stream.entries_added == stream.length) return 0;
  if (!earlier_ || !earlier_->behind || !stream.max_deleted) return std::nullopt;
  const auto& before = *earlier_->position;
  if (is_same(*now.position, before)) {
    return now.entries_read == earlier_->entries_read ? earlier_->behind : std::nullopt;
  }
  const bool nothing_passed = now.position->is_above(before) && now.entries_read >= earlier_->entries_read &&
                              stream.first && !stream.first->is_above(before) &&
                              !stream.max_deleted->is_above(before);
  return nothing_passed ? earlier_->behind : std::nullopt;
}

std::uint64_t GroupHistory::newly_lost(const Sample& now) const {
  if (!earlier_ || !now.lost || !now.position || !earlier_->position) return 0;
  const auto& before = *earlier_->position;
  // Moved back by XGROUP SETID: what it had passed is no loss.
  if (before.is_above(*now.position)) return 0;
  const auto& first = earlier_->stream.first ? earlier_->stream.first : earlier_->stream.last_generated;
  const bool has_passed_counted = now.position->is_above(before) && first && !first->is_above(*now.position);
  if (has_passed_counted) return *now.lost;
  return earlier_->lost && *now.lost > *earlier_->lost ? *now.lost - *earlier_->lost : 0;
}

GroupHistory::Judged GroupHistory::judge(const redis::StreamInfo& stream, redis::Group group, bool exact_counters) {
  Sample now{.stream = stream,
             .position = redis::read_position(group.last_delivered_id),
             .entries_read = group.entries_read,
             .lost = {},
             .behind = {}};
  if (!exact_counters) {
    now.behind = behind(now);
    if (now.behind) {
      group.entries_read = *group.entries_read + *now.behind;
      exact_counters = true;
    }
  }
  Judged judged{.lag = redis::unread(stream, group, exact_counters),
                .lost = redis::lost_unread(stream, group, exact_counters)};
  now.lost = judged.lost.number;
  lost_total_ += newly_lost(now);
  earlier_ = now;
  return judged;
}

}  // namespace outboxd::stream_metrics
