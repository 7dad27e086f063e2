// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"

#include <set>
#include <string>

namespace outboxd::test {

/// The names that a text of SQL may call, found by their positions in the text.
struct SqlNames {
  /// Names before an opening bracket.
  std::set<std::string> functions;
  std::set<std::string> operators;
  /// Names after `::`.
  std::set<std::string> types;
  /// Relations of pg_catalog.
  std::set<std::string> relations;

  void add(const std::string& sql);
};

/// Creates functions, operators, domains and views of these names in a schema, with every signature that a statement
/// may match better than pg_catalog's. Each counts its calls. Every role may use them.
void fill_with_hostile_objects(const Database& database, const std::string& schema, const SqlNames& names);

/// The number of calls in all schemas of the database, including those of transactions that were rolled back.
[[nodiscard]] std::string hostile_calls(const Database& database);

}  // namespace outboxd::test
