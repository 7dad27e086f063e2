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

  /// A new database with `event_outbox` as services have it, as CONTRACT.md says.
  [[nodiscard]] test::Database contract_database();
  /// A new database in which `outboxd migrate` has been, with these further arguments.
  [[nodiscard]] test::Database migrated_database(const std::vector<std::string>& arguments = {});

  /// Puts the servers into the same state before each run: `sql` (several statements, each on its own) in an
  /// otherwise emptied table, vacuumed and analysed, everything checkpointed; an empty Redis with a new file.
  void prepare(const test::Database& database, const std::string& table, const std::vector<std::string>& sql);

  /// How the daemon, the floors and writers reach this database.
  [[nodiscard]] std::string database_url(const test::Database& database) const;
  [[nodiscard]] test::Environment environment(const test::Database& database) const;

  [[nodiscard]] const test::PrivatePostgres& postgres() const { return postgres_; }
  [[nodiscard]] const test::PrivateRedis& redis() const { return redis_; }
  /// A connection to Redis as the daemon has one.
  [[nodiscard]] test::Socket redis_socket() const;

  [[nodiscard]] double postgres_cpu() const;
  [[nodiscard]] double redis_cpu() const;
  /// Entries in all streams.
  [[nodiscard]] std::int64_t entries() const;

 private:
  void empty_redis() const;

  bool sockets_;
  test::PrivatePostgres postgres_;
  test::PrivateRedis redis_;
};

/// Runs statements one by one, outside of any transaction of ours.
void run_each(const test::Database& database, const std::vector<std::string>& sql);

}  // namespace outboxd::bench
