// SPDX-License-Identifier: Apache-2.0
#include "bench/series.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>

namespace outboxd::bench {

double Series::quantile(double part) const {
  if (values_.empty()) throw std::logic_error("nothing was measured");
  auto sorted = values_;
  std::ranges::sort(sorted);
  const double place = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - std::floor(place));
}

Series ratio(const Series& dividend, const Series& divisor) {
  if (dividend.values().size() != divisor.values().size()) throw std::logic_error("rounds of different number");
  Series ratios;
  for (std::size_t i = 0; i < dividend.values().size(); ++i) ratios.add(dividend.values()[i] / divisor.values()[i]);
  return ratios;
}

}  // namespace outboxd::bench
