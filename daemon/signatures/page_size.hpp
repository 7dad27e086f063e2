// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace outboxd::daemon {

/// How many entries to ask for at once, so that a page has about kTargetBytes: Redis bounds a page by the number of
/// its entries alone, and builds all of it in its memory. Pure.
class PageSize {
 public:
  static constexpr std::size_t kTargetBytes = 1UL << 20U;
  /// Few enough that Redis has room for such a page, if much larger entries come at once.
  static constexpr std::size_t kMost = 100;

  [[nodiscard]] std::size_t entries() const { return entries_; }

  /// A page of so many entries had so many bytes. Pages at most double, as the next entries may be larger.
  void arrived(std::size_t entries, std::size_t bytes) {
    if (entries == 0) return;
    const auto each = std::max<std::size_t>(bytes / entries, 1);
    entries_ = std::clamp<std::size_t>(kTargetBytes / each, 1, std::min(entries_ * 2, kMost));
  }

  /// A page was over the bounds. Returns false if it had one entry already.
  bool shrink() {
    if (entries_ == 1) return false;
    entries_ = std::max<std::size_t>(entries_ / 8, 1);
    return true;
  }

 private:
  std::size_t entries_ = 16;
};

}  // namespace outboxd::daemon
