// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"
#include "support/database.hpp"

#include <exception>
#include <memory>

namespace outboxd::bench {

/// A session that holds a snapshot while it exists, like a long report or a forgotten transaction. Row versions and
/// index entries that die meanwhile can't be removed.
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
      // The session has ended, which was the purpose.
    }
  }

 private:
  std::unique_ptr<pqxx::connection> connection_;
  pqxx::nontransaction session_;
};

}  // namespace outboxd::bench
