// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "migrate/embedded_migrations.hpp"
#include "postgres/pqxx_compat.hpp"

#include <chrono>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::migrate {

/// A migration could not be looked up, applied or reverted. The message says which one, the error of Postgres, and
/// the remedy.
class MigrationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct MigratorOptions {
  /// How long a statement of a migration waits for a lock at a time. Other sessions that want the table queue behind
  /// it meanwhile.
  std::chrono::milliseconds lock_timeout{300};
  /// How long to wait for another migrator on the same database.
  std::chrono::milliseconds wait_for_other{30000};
  /// How long a migration that doesn't get its lock is retried.
  std::chrono::milliseconds lock_patience{30000};
  /// Flags of optional migrations to apply as well.
  std::vector<std::string> wanted{};
};

struct PlannedMigration {
  Migration migration;
  /// Its done_when holds: it has nothing left to do.
  bool already_there = false;
};

/// The file's stem: "0001_event_outbox".
[[nodiscard]] std::string full_name(const Migration& migration);

/// The migrations of `set` that are always applied, and the optional ones that are wanted.
[[nodiscard]] std::vector<Migration> wanted_of(std::span<const Migration> set,
                                               const std::vector<std::string>& wanted);

/// The up files as one script for psql. Needs no database.
[[nodiscard]] std::string render_sql(std::span<const Migration> set);

/// The down file of one migration as a script for psql. Throws MigrationError for an unknown number.
[[nodiscard]] std::string render_down_sql(std::span<const Migration> set, int number);

/// Applies and reverts migrations. There is no table of versions: each migration's condition finds out whether it is
/// applied, and existing tables are left unchanged. All calls block, and throw MigrationError, or
/// pqxx::broken_connection if the connection is lost.
class Migrator {
 public:
  /// `connection` must outlive this object and have no open transaction.
  explicit Migrator(pqxx::connection& connection, std::span<const Migration> set = migrations(),
                    MigratorOptions options = {})
      : connection_(connection), set_(set.begin(), set.end()), options_(std::move(options)) {}

  /// All wanted migrations with their states. Reads only.
  [[nodiscard]] std::vector<PlannedMigration> plan();

  /// The script of the pending migrations; only a comment if there are none. Reads only.
  [[nodiscard]] std::string dry_run_sql();

  /// Applies the pending migrations, each in a transaction of its own, and returns them. Takes no lock and writes
  /// nothing if none is pending. Several processes may call this at the same time: one works, the others wait and
  /// check again.
  std::vector<Migration> apply();

  /// Runs the down file of migration `number`. Returns false if the migration is not optional and not applied.
  bool revert(int number);

 private:
  PlannedMigration look_up(const Migration& migration);
  bool apply_one(const Migration& migration);
  template <class Action>
  bool with_patience(const Action& action);
  bool apply_in_transaction(const Migration& migration, std::chrono::milliseconds lock_timeout);
  bool apply_without_transaction(const Migration& migration);
  bool revert_one(const Migration& migration, std::chrono::milliseconds lock_timeout);

  pqxx::connection& connection_;
  std::vector<Migration> set_;
  MigratorOptions options_;
};

}  // namespace outboxd::migrate
