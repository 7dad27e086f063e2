// SPDX-License-Identifier: Apache-2.0
#include "faults/report.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace outboxd::faults {
namespace {

std::string median(std::vector<double> values) {
  if (values.empty()) return "–";
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << *middle;
  return text.str();
}

struct Sums {
  std::int64_t rows = 0;
  std::int64_t lost = 0;
  std::int64_t dead = 0;
  std::int64_t dead_wanted = 0;
  std::int64_t repeats = 0;
  int broken = 0;
};

}  // namespace

std::string report(const std::vector<Case>& cases, const std::vector<Result>& results) {
  std::ostringstream text;
  std::ostringstream broken;
  Sums sums;
  text << "| fault | step | rows | lost | dead (wanted) | repeats (allowed) | attempts spent | recovery, s | "
          "settled, s |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& result = results[i];
    text << "| " << cases[i].fault << " | " << cases[i].step << " | " << result.rows << " | " << result.lost << " | "
         << result.dead << " (" << result.dead_wanted << ") | " << result.repeats << " (" << result.repeats_allowed
         << ") | " << result.attempts_spent << " | " << median(result.recovery) << " | " << median(result.settled)
         << " |\n";
    sums.rows += result.rows;
    sums.lost += result.lost;
    sums.dead += result.dead;
    sums.dead_wanted += result.dead_wanted;
    sums.repeats += result.repeats;
    if (result.broken.empty()) continue;
    ++sums.broken;
    broken << "\nBROKEN: " << cases[i].fault << " | " << cases[i].step << '\n';
    for (const auto& line : result.broken) broken << "  " << line << '\n';
    broken << result.log;
  }
  text << '\n'
       << cases.size() << " faults, " << sums.broken << " broken; " << sums.rows << " rows, " << sums.lost
       << " lost, " << sums.dead << " dead (" << sums.dead_wanted << " wanted), " << sums.repeats << " repeats\n"
       << broken.str();
  return text.str();
}

}  // namespace outboxd::faults
