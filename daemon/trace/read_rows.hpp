// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/trace/facts.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace outboxd::daemon::trace {

struct FoundRow {
  RowFacts row;
  /// The dispatchers that take it, as indexes; those of its table if none does.
  std::vector<std::size_t> dispatchers{};
};

struct FoundRows {
  std::vector<FoundRow> rows{};
  /// What could not be looked at, and why.
  std::vector<std::string> unknown{};
  /// A Postgres did not answer.
  bool is_unreachable = false;
  /// A table could not be searched.
  bool is_partial = false;
};

/// Looks for the rows with this id in the tables of these dispatchers, whichever streams they take; where there is
/// none, for those with this dedupe key. An id that isn't of a table's type is none of its ids. Only reads; blocks.
[[nodiscard]] FoundRows read_rows(const std::vector<config::Settings>& dispatchers, const std::string& id,
                                  bool with_payload);

}  // namespace outboxd::daemon::trace
