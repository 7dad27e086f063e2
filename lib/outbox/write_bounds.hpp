// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace outboxd {

/// Decides, entry by entry, which rows of a batch go out beside each other in one pipelined write. All do, unless the
/// write would be too large to be answered within its time-out, or rows of an unanswered write are sent again. One of
/// those may have broken the connection, so each row that was tried before goes alone, where it harms no neighbour.
class WriteBounds {
 public:
  static constexpr std::size_t kMostBytes = 8UL << 20U;

  /// `isolates`: as Refusals::isolates().
  explicit WriteBounds(bool isolates) : isolates_{isolates} {}

  /// Whether the next entry may join the write of the entries before it; otherwise it begins a new write, as the
  /// first entry does.
  [[nodiscard]] bool joins(std::size_t bytes, bool was_tried_before) {
    const bool goes_alone = isolates_ && (was_tried_before || last_was_tried_before_);
    const bool joins = any_ && !goes_alone && bytes_ + bytes <= kMostBytes;
    bytes_ = joins ? bytes_ + bytes : bytes;
    any_ = true;
    last_was_tried_before_ = was_tried_before;
    return joins;
  }

 private:
  bool isolates_;
  bool any_ = false;
  bool last_was_tried_before_ = false;
  /// The bytes of the current write.
  std::size_t bytes_ = 0;
};

}  // namespace outboxd
