// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/consumer_lag.hpp"
#include "streams/seen.hpp"
#include "streams/wanted.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::streams {

// The content of `outboxd streams status`. Pure.

struct GroupReport {
  std::string name;
  bool is_declared = false;
  /// Not created unless it is asked for.
  bool is_optional = false;
  /// Empty: the stream has no such group.
  std::optional<SeenGroup> seen{};
  redis::Figure lag{};
  redis::Figure lost{};
  redis::Figure at_risk{};
  /// Whether the oldest pending entry is in the stream no more, so that it can't be delivered again; empty: not
  /// known.
  std::optional<bool> pending_gone{};
};

struct StreamReport {
  Wanted wanted;
  SeenStream seen;
  std::vector<GroupReport> groups;
};

struct Report {
  /// The server's clock, since 1970; empty if it is not known.
  std::optional<std::chrono::milliseconds> server_time{};
  std::chrono::system_clock::time_point at{};
  std::vector<StreamReport> streams;
};

/// `exact_counters`: see redis::counts_reads_exactly().
[[nodiscard]] StreamReport report_of(Wanted wanted, SeenStream seen, bool exact_counters);

/// Since an entry was added, as its id shows it; empty if it doesn't.
[[nodiscard]] std::optional<std::chrono::milliseconds> age_of(const std::optional<redis::EntryId>& id,
                                                              std::optional<std::chrono::milliseconds> now);

/// `width`: of the terminal, to which names are cut; 0: there is none.
[[nodiscard]] std::string text_of(const Report& report, std::size_t width);

/// An object on a line for each stream.
[[nodiscard]] std::string json_lines_of(const Report& report);

}  // namespace outboxd::streams
