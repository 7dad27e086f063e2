// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace outboxd::bench {

/// Measurements of one thing, one a round.
class Series {
 public:
  void add(double value) { values_.push_back(value); }

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  [[nodiscard]] double median() const { return quantile(0.5); }
  [[nodiscard]] double min() const { return quantile(0); }
  [[nodiscard]] double max() const { return quantile(1); }
  /// `part` from 0 to 1; between two values, what lies between them. Throws std::logic_error when there is none.
  [[nodiscard]] double quantile(double part) const;

 private:
  std::vector<double> values_;
};

/// Round by round: what hits both of a round's runs falls out. Both have as many rounds.
[[nodiscard]] Series ratio(const Series& dividend, const Series& divisor);

}  // namespace outboxd::bench
