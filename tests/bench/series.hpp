// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace outboxd::bench {

/// Measurements of one quantity, one for each round.
class Series {
 public:
  void add(double value) { values_.push_back(value); }

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  [[nodiscard]] double median() const { return quantile(0.5); }
  [[nodiscard]] double min() const { return quantile(0); }
  [[nodiscard]] double max() const { return quantile(1); }
  /// `part` is from 0 to 1; interpolates between two values. Throws std::logic_error if there are no values.
  [[nodiscard]] double quantile(double part) const;

 private:
  std::vector<double> values_;
};

/// The ratio in each round, so that a disturbance of both runs in a round cancels out. Both must have the same number
/// of rounds.
[[nodiscard]] Series ratio(const Series& dividend, const Series& divisor);

}  // namespace outboxd::bench
