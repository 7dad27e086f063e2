// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"

#include <string>
#include <vector>

namespace outboxd::postgres {

/// Runs statements on one connection, each in a transaction of its own. Behind a pooler, which hands its sessions
/// from transaction to transaction, each brings its settings along; else the session has them.
class Statements {
 public:
  /// `settings` is SQL for the beginning of each transaction; empty: none. The connection outlives this.
  Statements(pqxx::connection& connection, const std::string& settings)
      : transaction_{connection}, settings_{settings} {}

  /// Blocks until the whole result is here. Throws what libpqxx throws.
  pqxx::result run(const std::string& sql, const std::vector<Parameter>& parameters);

 private:
  pqxx::nontransaction transaction_;
  const std::string& settings_;
};

/// Runs a statement with plain arguments, as pqxx_compat.hpp's exec does.
template <typename... Args>
pqxx::result exec(Statements& statements, const std::string& sql, const Args&... args) {
  return statements.run(sql, std::vector<Parameter>{to_parameter(args)...});
}

}  // namespace outboxd::postgres
