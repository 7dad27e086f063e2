// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"

#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// What a connection has prepared: the statements' names.
using PreparedStatements = std::map<std::string, std::string>;

/// How statements run on one connection.
struct StatementMode {
  /// SQL for the beginning of a transaction around each statement; empty: none, and no transaction.
  std::string settings{};
  /// Where a session is ours alone, statements are planned once.
  bool prepares = false;
  /// The database can hold every character of UTF-8.
  bool takes_unicode = false;
};

/// Runs statements on one connection, each in a transaction of its own. Behind a pooler, which hands its sessions
/// from transaction to transaction, each brings its settings along; else the session has them.
class Statements {
 public:
  /// All arguments outlive this; `prepared` is the connection's.
  Statements(pqxx::connection& connection, const StatementMode& mode, PreparedStatements& prepared)
      : connection_{connection}, transaction_{connection}, mode_{mode}, prepared_{prepared} {}

  /// Blocks until the whole result is here; a serialization failure or a deadlock, for instance with a row that moves
  /// to another partition, is tried again a few times. Throws what libpqxx throws.
  pqxx::result run(const std::string& sql, const std::vector<Parameter>& parameters);

  /// As StatementMode has it.
  [[nodiscard]] bool takes_unicode() const { return mode_.takes_unicode; }

 private:
  pqxx::result run_once(const std::string& sql, const std::vector<Parameter>& parameters);
  pqxx::result run_prepared(const std::string& sql, const std::vector<Parameter>& parameters);
  pqxx::result run_with_settings(const std::string& sql, const std::vector<Parameter>& parameters);

  pqxx::connection& connection_;
  pqxx::nontransaction transaction_;
  const StatementMode& mode_;
  PreparedStatements& prepared_;
};

/// Runs a statement with plain arguments, as pqxx_compat.hpp's exec does.
template <typename... Args>
pqxx::result exec(Statements& statements, const std::string& sql, const Args&... args) {
  return statements.run(sql, std::vector<Parameter>{to_parameter(args)...});
}

}  // namespace outboxd::postgres
