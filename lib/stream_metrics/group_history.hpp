// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/consumer_lag.hpp"
#include "redis/stream_info.hpp"

#include <cstdint>
#include <optional>

namespace outboxd::stream_metrics {

/// What the samples of a consumer group prove together. Pure.
///
/// Servers before Redis 7.4.5 count only the entries that a group has got. That is behind by those that were trimmed
/// before the group read them, which no single answer shows. But a group that has read everything shows by how much
/// its counter is behind, and from then on that is known as long as trimming stays behind the group: as long as the
/// first entry of a sample is not after the group's position in the sample before. (A group that XGROUP SETID has
/// moved, and that reads beyond its old position before the next sample, is not told apart.)
class GroupHistory {
 public:
  struct Judged {
    redis::Figure lag;
    /// The entries after the group's position that are trimmed already.
    redis::Figure lost;
  };

  /// To be called with each sample, in their order. `exact_counters`: see redis::counts_reads_exactly().
  Judged judge(const redis::StreamInfo& stream, redis::Group group, bool exact_counters);

  /// The entries that were trimmed before the group read them, as far as that is proved. Those before the first
  /// sample don't count, nor do entries that are trimmed and passed between two samples.
  [[nodiscard]] std::uint64_t lost_total() const { return lost_total_; }

  /// The next sample is like the first one; the total stays.
  void begin_again() { earlier_.reset(); }

 private:
  struct Sample {
    redis::StreamInfo stream;
    std::optional<redis::EntryId> position;
    std::optional<std::uint64_t> entries_read;
    std::optional<std::uint64_t> lost;
    /// How far `entries_read` is behind.
    std::optional<std::uint64_t> behind;
  };

  [[nodiscard]] std::optional<std::uint64_t> behind(const Sample& now) const;
  [[nodiscard]] std::uint64_t newly_lost(const Sample& now) const;

  std::optional<Sample> earlier_;
  std::uint64_t lost_total_ = 0;
};

}  // namespace outboxd::stream_metrics
