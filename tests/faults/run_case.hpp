// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/case.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::faults {

/// The result of one row of the matrix.
struct Result {
  std::int64_t rows = 0;
  /// Rows that are committed or marked published, but not in the stream.
  std::int64_t lost = 0;
  std::int64_t dead = 0;
  /// The dead rows that are poison.
  std::int64_t dead_wanted = 0;
  std::int64_t repeats = 0;
  std::int64_t repeats_allowed = 0;
  /// Attempts beyond the first of each row.
  std::int64_t attempts_spent = 0;
  /// Seconds of each round from the fault's end to the first new entry, and to the last outcome.
  std::vector<double> recovery;
  std::vector<double> settled;
  /// The broken promises, one a line; empty if all were kept.
  std::vector<std::string> broken;
  /// The daemons' logs, if a promise was broken.
  std::string log;
};

/// Causes the fault `rounds` times under load, with the same servers, and checks every row and entry at the end.
[[nodiscard]] Result run_case(const Case& one, int rounds);

}  // namespace outboxd::faults
