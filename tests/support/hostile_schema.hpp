// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"

#include <set>
#include <string>

namespace outboxd::test {

/// What a text of SQL calls, as far as its words tell.
struct SqlNames {
  /// Before an opening bracket.
  std::set<std::string> functions;
  std::set<std::string> operators;
  /// Behind `::`.
  std::set<std::string> types;
  /// Relations of pg_catalog.
  std::set<std::string> relations;

  void add(const std::string& sql);
};

/// Puts functions, operators, domains and views of these names into a schema, for every signature that a statement
/// may fit better than pg_catalog's: each counts its calls. Everybody may use them.
void fill_with_hostile_objects(const Database& database, const std::string& schema, const SqlNames& names);

/// How many calls there were, of all schemas of the database, in whatever became of the transaction.
[[nodiscard]] std::string hostile_calls(const Database& database);

}  // namespace outboxd::test
