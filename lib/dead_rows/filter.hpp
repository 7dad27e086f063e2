// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// The options that choose dead rows, as they were written.
struct FilterWords {
  std::vector<std::string> streams{};
  std::vector<std::string> ids{};
  std::optional<std::string> error{};
  std::optional<std::string> older_than{};
  std::optional<std::string> newer_than{};
  bool all = false;
};

/// Which dead rows are meant: those that fulfil every condition.
struct Filter {
  /// Any of these; empty: all.
  std::vector<std::string> streams{};
  /// Any of these; empty: all.
  std::vector<std::string> ids{};
  /// Is part of the error's kind, in which numbers and ids count as equal.
  std::optional<std::string> error{};
  std::optional<std::chrono::milliseconds> older_than{};
  std::optional<std::chrono::milliseconds> newer_than{};
};

/// Whether a command may run without any condition: those that change rows need --all for that.
enum class Unfiltered { allowed, refused };

/// Why these options make no filter, with the remedy; "" if they do.
[[nodiscard]] std::string problem_of(const FilterWords& words, Unfiltered unfiltered);

/// The filter of options without a problem.
[[nodiscard]] Filter filter_of(const FilterWords& words);

/// The options again, on one line, such as `--stream a --older-than 1h`; without any: `--all`.
[[nodiscard]] std::string described(const FilterWords& words);

/// A duration as in the settings, of at most a hundred years.
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_of(const std::string& text);

/// Rows a second: "50" or "50/s"; at most a million.
[[nodiscard]] std::optional<double> rate_of(const std::string& text);

}  // namespace outboxd::dead_rows
