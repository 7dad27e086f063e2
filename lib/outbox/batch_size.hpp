// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace outboxd {

/// How many rows a claim asks for: the usual number, and twice as many after each claim that was full, up to a bound,
/// as larger batches cost less a row while a backlog is worked off.
class BatchSize {
 public:
  /// `most` below `usual` counts as `usual`: no growth.
  BatchSize(std::uint32_t usual, std::uint32_t most) : usual_{usual}, most_{std::max(usual, most)}, now_{usual} {}

  [[nodiscard]] std::uint32_t now() const { return now_; }

  /// There were as many rows as the last claim asked for, or more.
  void was_full() { now_ = now_ > most_ / 2 ? most_ : now_ * 2; }
  void was_not_full() { now_ = usual_; }

 private:
  std::uint32_t usual_;
  std::uint32_t most_;
  std::uint32_t now_;
};

}  // namespace outboxd
