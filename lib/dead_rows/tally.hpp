// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/not_chosen.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// What became of requeued rows.
struct Outcomes {
  std::uint64_t published = 0;
  /// Dead again.
  std::uint64_t dead = 0;
  /// Failed again, and waits for a further attempt.
  std::uint64_t retrying = 0;
  /// Was not tried yet, or is just being published.
  std::uint64_t waiting = 0;
  /// Deleted meanwhile, by another program or a retention.
  std::uint64_t gone = 0;

  [[nodiscard]] bool all_published() const { return dead == 0 && retrying == 0 && waiting == 0; }
};

/// How far a command that changes dead rows came.
struct Tally {
  /// Dead rows of the filter when it began.
  std::uint64_t matched = 0;
  /// Of these, rows whose id is too long to name them in a statement; they are not tried.
  std::uint64_t nameless = 0;
  std::uint64_t done = 0;
  /// Locked by another transaction, changed meanwhile, or kept as they are by a trigger or policy.
  std::uint64_t unchanged = 0;
  std::string first_unchanged{};
  /// Postgres refused the change of these: one of them, and its error.
  std::uint64_t refused = 0;
  std::string first_refused{};
  std::string refusal{};
  /// Why the command ended before all rows were tried; empty: it did not.
  std::string stopped{};
  /// The answer to the last commit was lost, so that the last batch, of at most 500 rows, may have been changed as
  /// well.
  bool in_doubt = false;

  /// Why the ids of requeued rows could not be kept, so that --wait can't follow them; empty: they were.
  std::string unfollowed{};

  [[nodiscard]] std::uint64_t not_done() const { return unchanged + refused + nameless; }
};

/// What a command did, and where.
struct Report {
  std::string dispatcher;
  /// As configured.
  std::string table;
  /// "requeue" or "discard".
  std::string action;
  bool dry_run = false;
  Tally tally{};
  /// Of discarded rows: "deleted" or "marked".
  std::string how{};
  /// The file with the discarded rows.
  std::string file{};
  std::optional<Outcomes> outcomes{};
  /// Rows that were named by --id.
  std::vector<NotChosen> not_chosen{};
};

/// For people, with a line end after each line.
[[nodiscard]] std::string text_of(const Report& report);
/// One line; the names of its fields are documented in deploy/JSON.md.
[[nodiscard]] std::string json_of(const Report& report);

/// A text from a row or a server: on one line, at most so long, without control characters and secrets.
[[nodiscard]] std::string printable(const std::string& text, std::size_t most_bytes = 200);

}  // namespace outboxd::dead_rows
