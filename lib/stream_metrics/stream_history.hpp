// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/stream_info.hpp"
#include "stream_metrics/group_history.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace outboxd::stream_metrics {

/// What earlier samples of a stream showed. Pure.
class StreamHistory {
 public:
  /// To be called with each sample, before those of the groups. If the stream has gone backwards, earlier samples of
  /// its groups prove nothing.
  void note(const redis::StreamInfo& stream);
  /// The key is gone, or empty and new.
  void note_missing();

  /// How often the last id or the number of added entries was below that of the sample before: the stream was
  /// deleted, or the server lost entries by a failover or a restart.
  [[nodiscard]] std::uint64_t went_back() const { return went_back_; }

  GroupHistory& group(const std::string& name) { return groups_[name]; }
  /// Forgets the groups for which `is_gone` is true.
  template <class Gone>
  void forget_groups(Gone is_gone) {
    std::erase_if(groups_, [&is_gone](const auto& group) { return is_gone(group.first); });
  }

 private:
  void go_back();

  std::optional<redis::EntryId> last_;
  std::optional<std::uint64_t> added_;
  std::uint64_t went_back_ = 0;
  std::map<std::string, GroupHistory> groups_;
};

}  // namespace outboxd::stream_metrics
