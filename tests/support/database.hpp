// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pqxx/pqxx>

#include <memory>
#include <string>
#include <vector>

namespace outboxd::test {

using Rows = std::vector<std::vector<std::string>>;

/// One database of a PrivatePostgres, with short ways to query it. Each call uses a connection of its own.
struct Database {
  std::string name;
  /// Over TCP.
  std::string url;
  /// Over the Unix socket, as key=value text.
  std::string conninfo;

  [[nodiscard]] std::unique_ptr<pqxx::connection> connect() const;
  /// Runs one or more statements and commits.
  void exec(const std::string& sql) const;
  /// All rows as text; NULL as "NULL".
  [[nodiscard]] Rows rows(const std::string& sql) const;
  /// The first column of the only row, as text; throws unless there is exactly one row.
  [[nodiscard]] std::string scalar(const std::string& sql) const;
};

}  // namespace outboxd::test
