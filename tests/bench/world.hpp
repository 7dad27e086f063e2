// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/private_postgres.hpp"
#include "support/private_redis.hpp"
#include "support/programs.hpp"

#include <cstdint>
#include <string>

namespace outboxd::bench {

/// The servers of a run, with the durability that services have: Postgres with fsync, Redis with its append-only
/// file, everysec.
class World {
 public:
  explicit World(bool sockets);

  /// A new database with the services' `event_outbox`, as the contract describes it.
  [[nodiscard]] test::Database contract_database();
  /// A new database on which `outboxd migrate` was run with these further arguments.
  [[nodiscard]] test::Database migrated_database(const std::vector<std::string>& arguments = {});

  /// Puts the servers into the same state before each run: empties the table, runs the statements of `sql` one by
  /// one, vacuums, analyses and checkpoints; empties Redis and rewrites its file.
  void prepare(const test::Database& database, const std::string& table, const std::vector<std::string>& sql);

  /// The URL of this database for the daemon, the floors and writers.
  [[nodiscard]] std::string database_url(const test::Database& database) const;
  [[nodiscard]] test::Environment environment(const test::Database& database) const;

  [[nodiscard]] const test::PrivatePostgres& postgres() const { return postgres_; }
  [[nodiscard]] const test::PrivateRedis& redis() const { return redis_; }
  /// A connection to Redis of the daemon's kind (TCP or Unix socket).
  [[nodiscard]] test::Socket redis_socket() const;

  [[nodiscard]] double postgres_cpu() const;
  [[nodiscard]] double redis_cpu() const;
  /// The number of entries in all streams.
  [[nodiscard]] std::int64_t entries() const;

 private:
  void empty_redis() const;

  bool sockets_;
  test::PrivatePostgres postgres_;
  test::PrivateRedis redis_;
};

/// Runs statements one by one, outside of transactions.
void run_each(const test::Database& database, const std::vector<std::string>& sql);

}  // namespace outboxd::bench
