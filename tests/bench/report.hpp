// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/series.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace outboxd::bench {

/// A cell: empty, a text, a count, a flag, or a measured quantity.
using Value = std::variant<std::monostate, std::string, std::int64_t, bool, Series>;

struct Column {
  /// The name in JSON, including the unit: "rows_per_second".
  std::string key;
  /// The heading in Markdown.
  std::string heading;
  /// The decimal places of a quantity.
  int decimals = 0;
};

/// One table of the report.
struct Section {
  std::string name;
  std::string title;
  /// A description of the measurement.
  std::string how;
  std::vector<Column> columns;
  std::vector<std::vector<Value>> rows;
};

/// Facts about the run: machine, versions, options; in this order.
using Facts = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string markdown(const Facts& facts);

/// Quantities are medians; after several rounds with the smallest and the largest in brackets.
[[nodiscard]] std::string markdown(const Section& section);

/// {"facts": {…}, "sections": {name: [{column: cell, …}, …], …}}; a quantity is {"median", "min", "max", "values"}.
[[nodiscard]] std::string json(const Facts& facts, const std::vector<Section>& sections);

}  // namespace outboxd::bench
