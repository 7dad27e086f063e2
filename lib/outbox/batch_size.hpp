// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace outboxd {

/// How many rows a claim asks for. The number doubles after each full claim, up to a bound, as larger batches cost
/// less per row while a backlog is worked off. It is halved where a claim took so long that its rows could not be
/// sent within their lease, until claims leave enough of the lease again.
class BatchSize {
 public:
  /// `most` below `usual` counts as `usual`: no growth.
  BatchSize(std::uint32_t usual, std::uint32_t most)
      : usual_{usual}, most_{std::max(usual, most)}, now_{usual}, within_lease_{most_} {}

  [[nodiscard]] std::uint32_t now() const { return std::min(now_, within_lease_); }

  /// The last claim found as many rows as it asked for, or more were due.
  void was_full() { now_ = now_ > most_ / 2 ? most_ : now_ * 2; }
  void was_not_full() { now_ = usual_; }

  /// A claim of this many rows left too little of the lease to send them.
  void lease_was_short(std::uint32_t rows) { within_lease_ = std::max(1U, std::min(rows, within_lease_) / 2); }
  /// A claim of this many rows would have left enough of the lease even with twice as many rows.
  void lease_sufficed(std::uint32_t rows) {
    if (rows >= within_lease_) within_lease_ = within_lease_ > most_ / 2 ? most_ : within_lease_ * 2;
  }

 private:
  std::uint32_t usual_;
  std::uint32_t most_;
  std::uint32_t now_;
  std::uint32_t within_lease_;
};

}  // namespace outboxd
