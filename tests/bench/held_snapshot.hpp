// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"
#include "support/database.hpp"

#include <exception>
#include <memory>

namespace outboxd::bench {

/// A session that sees its database as it was, for as long as it lives: a long report, a forgotten transaction.
/// Nothing that was dead since then can be removed, from the indexes neither.
class HeldSnapshot {
 public:
  explicit HeldSnapshot(const test::Database& database) : connection_{database.connect()}, session_{*connection_} {
    postgres::exec(session_, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    postgres::exec(session_, "SELECT count(*) FROM pg_class");
  }
  HeldSnapshot(const HeldSnapshot&) = delete;
  HeldSnapshot& operator=(const HeldSnapshot&) = delete;
  ~HeldSnapshot() {
    try {
      postgres::exec(session_, "ROLLBACK");
    } catch (const std::exception&) {
      // Its end is all that was wanted.
    }
  }

 private:
  std::unique_ptr<pqxx::connection> connection_;
  pqxx::nontransaction session_;
};

}  // namespace outboxd::bench
