// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace outboxd {

/// Detects that rows are due although claims come back empty and no other dispatcher takes them: their sampled number
/// does not fall.
class Starvation {
 public:
  /// This many samples in a row are needed, as rows that another dispatcher is claiming count as due until it
  /// commits.
  static constexpr int kSamples = 3;

  /// A claim that could take any row, or that returned some.
  void claimed(std::size_t rows) {
    claims_ = true;
    if (rows > 0) got_some_ = true;
  }

  /// A sample: the number of due rows, and how many of them claims leave out. True when rows starve.
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
