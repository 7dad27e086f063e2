// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace outboxd {

/// Notices that rows are due, that claims come back empty all the same, and that no other dispatcher takes them
/// either: their number, as it is sampled, does not fall.
class Starvation {
 public:
  /// So many samples in a row, as rows that another dispatcher is just claiming count as due until it commits.
  static constexpr int kSamples = 3;

  /// One claim that was open to every row, or got some.
  void claimed(std::size_t rows) {
    claims_ = true;
    if (rows > 0) got_some_ = true;
  }

  /// One sample: rows that are due, and those among them that claims leave out. True when rows starve.
  bool sampled(std::uint64_t due, std::uint64_t left_out) {
    const bool none_for_us = std::exchange(claims_, false) && !std::exchange(got_some_, false);
    const bool falls = due < std::exchange(due_before_, due);
    in_a_row_ = none_for_us && due > left_out && !falls ? in_a_row_ + 1 : 0;
    return in_a_row_ >= kSamples;
  }

 private:
  bool claims_ = false;
  bool got_some_ = false;
  std::uint64_t due_before_ = 0;
  int in_a_row_ = 0;
};

}  // namespace outboxd
