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
  /// Nothing: there is no such way.
  std::optional<test::Database> database;
  /// Of the daemon; nothing: the writer sends its entries itself.
  std::optional<std::vector<std::string>> arguments;
  /// Commits a second.
  int rate = 100;
  std::string table = "event_outbox";
  /// The only stream that rows are written to; empty: all of them in turn.
  std::string stream{};
  /// So many rows are published, beside a snapshot that stays held, before anything is measured.
  std::int64_t published_before = 0;
  /// So many rows of other streams stay in the table.
  std::int64_t of_others = 0;
  /// Which way it is compared with by its median, if it is.
  std::optional<std::size_t> base{};
  Series p50{}, p99{}, max{}, p50_from_before{}, cpu{};
};

/// Measures each way in each round.
[[nodiscard]] Section commit_to_entry(World& world, const Options& options, std::vector<Way> ways,
                                      const std::string& name, const std::string& title, const std::string& how);

}  // namespace outboxd::bench
