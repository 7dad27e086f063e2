// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace outboxd {

/// Whether rows may be claimed at all, and how many at once.
///
/// Open while Redis is unreachable or refuses all entries: a row claimed then could only be given back. It opens at
/// the first such sign and at the start, and closes when a probe is answered. Claims then grow from a few rows to
/// whole batches, as every other instance has just come back as well.
class Breaker {
 public:
  [[nodiscard]] bool is_open() const { return open_; }

  void open() {
    open_ = true;
    allowed_rows_ = kFirstRows;
  }

  void close() { open_ = false; }

  /// Redis took the entries of a write.
  void succeeded() {
    if (allowed_rows_ < kNoLimit) allowed_rows_ *= 2;
  }

  /// A claim of `rows` failed: it may have been more than this process or the store can bear.
  void claim_failed(std::uint32_t rows) { allowed_rows_ = std::min(allowed_rows_, std::max(1U, rows / 2)); }

  /// How many rows the next claim may take, where the dispatcher asks for `batch`.
  [[nodiscard]] std::uint32_t rows_allowed(std::uint32_t batch) const { return std::min(batch, allowed_rows_); }

 private:
  static constexpr std::uint32_t kFirstRows = 8;
  static constexpr std::uint32_t kNoLimit = 1U << 20U;

  bool open_ = true;
  std::uint32_t allowed_rows_ = kFirstRows;
};

}  // namespace outboxd
