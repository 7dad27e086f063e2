// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/table.hpp"
#include "dead_rows/tally.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// How a command that changes rows goes on from batch to batch.
struct Steps {
  /// Rows a second; 0: as fast as they can be changed.
  double rate = 0;
  /// Waits, and returns whether the operator wants it to stop.
  std::function<bool(std::chrono::milliseconds)> stops{};
  /// Called between batches; may be empty.
  std::function<void(const Tally&)> progress{};
};

/// How many rows, from the front of these sizes, make a batch: at most `most_rows`, and together at most a mebibyte
/// as they are printed; at least one.
[[nodiscard]] std::size_t batch_size(const std::vector<std::uint64_t>& bytes, std::size_t from,
                                     std::size_t most_rows);

/// How many rows a batch has at a rate: a quarter of a second's.
[[nodiscard]] std::size_t rows_for(double rate);

/// Counts the dead rows of a filter: a tally with nothing done.
[[nodiscard]] Tally count(Table& table, const FilterParameters& filter);

/// Changes every dead row of a filter once, in small batches: `change` gets their ids, and returns how many it has
/// changed and the first that it has not. A row that Postgres refuses stops no other: its batch is tried again in
/// halves. Whatever ends it early is in the tally; `change` sets tally.in_doubt.
struct Changed {
  std::size_t rows = 0;
  std::string first_unchanged{};
};
void change_each(Table& table, const FilterParameters& filter, const Steps& steps, Tally& tally,
                 const std::function<Changed(const std::vector<std::string>&)>& change);

}  // namespace outboxd::dead_rows
