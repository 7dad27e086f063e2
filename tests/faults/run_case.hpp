// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/case.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::faults {

/// What became of one row of the matrix.
struct Result {
  std::int64_t rows = 0;
  /// Committed or marked as published, and not in the stream.
  std::int64_t lost = 0;
  std::int64_t dead = 0;
  /// Of those, the ones that had to end so.
  std::int64_t dead_wanted = 0;
  std::int64_t repeats = 0;
  std::int64_t repeats_allowed = 0;
  /// Beyond the first of each row.
  std::int64_t attempts_spent = 0;
  /// Of each round, in seconds: from the fault's end to the first new entry, and to the last outcome.
  std::vector<double> recovery;
  std::vector<double> settled;
  /// Promises that were broken, one a line; empty when all were kept.
  std::vector<std::string> broken;
  /// The daemons' own words, where something was broken.
  std::string log;
};

/// Does the harm `rounds` times under load, each time in the same world, and looks at every row and entry at the end.
[[nodiscard]] Result run_case(const Case& one, int rounds);

}  // namespace outboxd::faults
