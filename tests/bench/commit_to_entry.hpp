// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/options.hpp"
#include "bench/report.hpp"
#include "bench/world.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::bench {

/// One way from a commit to an entry.
struct Way {
  std::string what;
  /// Empty: this way doesn't exist.
  std::optional<test::Database> database;
  /// The daemon's arguments; empty: the writer sends its entries itself.
  std::optional<std::vector<std::string>> arguments;
  /// Commits a second.
  int rate = 100;
  std::string table = "event_outbox";
  /// The only stream that rows are written to; empty: all of them in turn.
  std::string stream{};
  /// The number of rows that are published beside a held snapshot before the measurement.
  std::int64_t published_before = 0;
  /// The number of rows of other streams in the table.
  std::int64_t of_others = 0;
  /// The way with whose median this one is compared.
  std::optional<std::size_t> base{};
  Series p50{}, p99{}, max{}, p50_from_before{}, cpu{};
};

/// Measures each way in each round.
[[nodiscard]] Section commit_to_entry(World& world, const Options& options, std::vector<Way> ways,
                                      const std::string& name, const std::string& title, const std::string& how);

}  // namespace outboxd::bench
