// SPDX-License-Identifier: Apache-2.0
#include "faults/report.hpp"

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

namespace outboxd::faults {
namespace {

std::string in_seconds(double value) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << value;
  return text.str();
}

std::string median(std::vector<double> values) {
  if (values.empty()) return "–";
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return in_seconds(*middle);
}

struct Sums {
  std::int64_t rows = 0;
  std::int64_t lost = 0;
  std::int64_t dead = 0;
  std::int64_t dead_wanted = 0;
  std::int64_t repeats = 0;
  int broken = 0;
};

Sums sum_of(const std::vector<Result>& results) {
  Sums sums;
  for (const auto& result : results) {
    sums.rows += result.rows;
    sums.lost += result.lost;
    sums.dead += result.dead;
    sums.dead_wanted += result.dead_wanted;
    sums.repeats += result.repeats;
    sums.broken += result.broken.empty() ? 0 : 1;
  }
  return sums;
}

std::string line_of(const Case& one, const Result& result) {
  std::ostringstream text;
  text << "| " << one.fault << " | " << one.step << " | " << result.rows << " | " << result.lost << " | "
       << result.dead << " (" << result.dead_wanted << ") | " << result.repeats << " (" << result.repeats_allowed
       << ") | " << result.attempts_spent << " | " << median(result.recovery) << " | " << median(result.settled)
       << " |\n";
  return text.str();
}

/// A line for all steps of each fault together, in the order of the first steps.
std::string by_fault(const std::vector<Case>& cases, const std::vector<Result>& results) {
  std::ostringstream text;
  text << "| fault | steps | rows | lost | dead (wanted) | repeats (allowed) | recovery, s | longest |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  std::set<std::string> done;
  for (const auto& first : cases) {
    if (!done.insert(first.fault).second) continue;
    Result all;
    int steps = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].fault != first.fault) continue;
      const auto& one = results[i];
      ++steps;
      all.rows += one.rows;
      all.lost += one.lost;
      all.dead += one.dead;
      all.dead_wanted += one.dead_wanted;
      all.repeats += one.repeats;
      all.repeats_allowed += one.repeats_allowed;
      all.recovery.insert(all.recovery.end(), one.recovery.begin(), one.recovery.end());
    }
    text << "| " << first.fault << " | " << steps << " | " << all.rows << " | " << all.lost << " | " << all.dead
         << " (" << all.dead_wanted << ") | " << all.repeats << " (" << all.repeats_allowed << ") | "
         << median(all.recovery) << " | "
         << (all.recovery.empty() ? "–" : in_seconds(*std::ranges::max_element(all.recovery))) << " |\n";
  }
  return text.str();
}

/// The recovery times over all rows in which this server was down.
std::string recovery_after(const std::string& name, Server server, const std::vector<Case>& cases,
                           const std::vector<Result>& results) {
  std::vector<double> all;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].returns != server) continue;
    all.insert(all.end(), results[i].recovery.begin(), results[i].recovery.end());
  }
  if (all.empty()) return {};
  return "recovery after " + name + " came back: median of " + std::to_string(all.size()) + ": " + median(all) +
         " s, longest " + in_seconds(*std::ranges::max_element(all)) + " s\n";
}

}  // namespace

std::string report(const std::vector<Case>& cases, const std::vector<Result>& results, int rounds) {
  std::ostringstream text;
  text << by_fault(cases, results)
       << "\n| fault | step | rows | lost | dead (wanted) | repeats (allowed) | attempts spent | recovery, s | "
          "settled, s "
          "|\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < cases.size(); ++i) text << line_of(cases[i], results[i]);
  const auto sums = sum_of(results);
  text << '\n'
       << cases.size() << " faults, " << rounds << (rounds == 1 ? " round" : " rounds") << " each, " << sums.broken
       << " broken; " << sums.rows << " rows, " << sums.lost << " lost, " << sums.dead << " dead ("
       << sums.dead_wanted << " wanted), " << sums.repeats << " repeats\n"
       << recovery_after("Redis", Server::redis, cases, results)
       << recovery_after("Postgres", Server::postgres, cases, results);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (results[i].broken.empty()) continue;
    text << "\nBROKEN: " << cases[i].fault << " | " << cases[i].step << '\n';
    for (const auto& line : results[i].broken) text << "  " << line << '\n';
    text << results[i].log;
  }
  return text.str();
}

}  // namespace outboxd::faults
