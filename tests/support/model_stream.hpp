// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/stream_info.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace outboxd::test {

/// A Redis stream with one consumer group, and what Redis answers about it. It also remembers which entries were
/// trimmed, so that tests know what Redis doesn't tell. Ids are n-0.
class ModelStream {
 public:
  /// How the server counts what groups have read.
  enum class Counting { redis_7_0, redis_8_0 };

  explicit ModelStream(Counting counting) : counting_{counting} {}

  void add() {
    present_.insert(++last_id_);
    ++added_;
  }

  /// MAXLEN = n.
  void trim(std::size_t maxlen) {
    while (present_.size() > maxlen) {
      trimmed_.insert(*present_.begin());
      present_.erase(present_.begin());
    }
  }

  void remove(std::uint64_t id) {
    if (present_.erase(id) > 0) max_deleted_ = std::max(max_deleted_, id);
  }

  /// XGROUP CREATE or SETID at an id.
  void place_group(std::uint64_t id) {
    position_ = id;
    entries_read_.reset();
  }

  /// XREADGROUP COUNT n.
  void read(std::size_t count) {
    for (auto at = present_.upper_bound(position_); at != present_.end() && count > 0; ++at, --count) {
      const auto id = *at;
      const bool is_old = counting_ == Counting::redis_7_0;
      const bool may_count = entries_read_ && !has_tombstones_from(is_old ? id : position_) &&
                             (is_old || position_ >= *present_.begin());
      entries_read_ = may_count ? std::optional{*entries_read_ + 1} : estimate(id);
      position_ = id;
    }
  }

  [[nodiscard]] redis::StreamInfo info() const {
    redis::StreamInfo info{.length = present_.size(),
                           .last_generated = redis::EntryId{last_id_, 0},
                           .entries_added = added_,
                           .max_deleted = redis::EntryId{max_deleted_, 0}};
    if (!present_.empty()) {
      info.first = redis::EntryId{*present_.begin(), 0};
      info.last = redis::EntryId{*present_.rbegin(), 0};
    }
    return info;
  }

  [[nodiscard]] redis::Group group() const {
    return {.name = "g", .last_delivered_id = std::to_string(position_) + "-0", .entries_read = entries_read_};
  }

  /// The truth.
  [[nodiscard]] std::uint64_t unread() const { return count_after(present_); }
  [[nodiscard]] std::uint64_t lost() const { return count_after(trimmed_); }
  /// The unread entries among those that the next XADD trims.
  [[nodiscard]] std::uint64_t at_risk(std::uint64_t maxlen) const {
    std::uint64_t count = 0;
    std::uint64_t length = present_.size() + 1;
    for (const auto id : present_) {
      if (length-- <= maxlen) break;
      if (id > position_) ++count;
    }
    return count;
  }
  [[nodiscard]] const std::set<std::uint64_t>& present() const { return present_; }
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }

 private:
  [[nodiscard]] std::uint64_t count_after(const std::set<std::uint64_t>& ids) const {
    return static_cast<std::uint64_t>(std::distance(ids.upper_bound(position_), ids.end()));
  }

  // As in t_stream.c.
  [[nodiscard]] bool has_tombstones_from(std::uint64_t id) const {
    if (present_.empty() || max_deleted_ == 0 || *present_.begin() > max_deleted_) return false;
    return id <= max_deleted_;
  }
  [[nodiscard]] std::optional<std::uint64_t> estimate(std::uint64_t id) const {
    if (counting_ == Counting::redis_8_0 && id < max_deleted_) return std::nullopt;
    if (id == last_id_) return added_;
    if (max_deleted_ != 0 && max_deleted_ >= *present_.begin()) return std::nullopt;
    if (id < *present_.begin()) return added_ - present_.size();
    return id == *present_.begin() ? std::optional{added_ - present_.size() + 1} : std::nullopt;
  }

  Counting counting_;
  std::set<std::uint64_t> present_;
  std::set<std::uint64_t> trimmed_;
  std::uint64_t last_id_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t max_deleted_ = 0;
  std::uint64_t position_ = 0;
  std::optional<std::uint64_t> entries_read_;
};

}  // namespace outboxd::test
