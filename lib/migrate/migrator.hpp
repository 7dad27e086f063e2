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

/// A migration that could not be looked up, applied or reverted: which one, what Postgres said, and what to do.
class MigrationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct MigratorOptions {
  /// How long a statement of a migration may wait at a time for a lock that another session holds: everybody else
  /// who wants the table queues behind it.
  std::chrono::milliseconds lock_timeout{300};
  /// How long to wait for another migrator on the same database.
  std::chrono::milliseconds wait_for_other{30000};
  /// For how long a migration is tried again that didn't get its lock.
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

/// Those of `set` that are always applied, and those of the optional ones that are wanted.
[[nodiscard]] std::vector<Migration> wanted_of(std::span<const Migration> set,
                                               const std::vector<std::string>& wanted);

/// The up files as one script that psql takes. Needs no database.
[[nodiscard]] std::string render_sql(std::span<const Migration> set);

/// The down file of one as such a script. Throws MigrationError for a number that there isn't.
[[nodiscard]] std::string render_down_sql(std::span<const Migration> set, int number);

/// Applies and reverts migrations. What is there is found by looking, so there is no table of versions: a table that
/// exists is left alone, whoever made it. All calls block and throw MigrationError, or pqxx::broken_connection when
/// the connection is lost.
class Migrator {
 public:
  /// Keeps `connection`, which must outlive it and have no open transaction.
  explicit Migrator(pqxx::connection& connection, std::span<const Migration> set = migrations(),
                    MigratorOptions options = {})
      : connection_(connection), set_(set.begin(), set.end()), options_(std::move(options)) {}

  /// Every migration that is wanted, with its state. Reads only.
  [[nodiscard]] std::vector<PlannedMigration> plan();

  /// The script of what is pending; a comment where nothing is. Reads only.
  [[nodiscard]] std::string dry_run_sql();

  /// Applies what is pending, each migration in a transaction of its own, and returns what was applied. Takes no lock
  /// and writes nothing where all is there. Several may run at the same time: one works, the others wait and look
  /// again.
  std::vector<Migration> apply();

  /// Runs the down file of migration `number`, optional or not; false where one that is no option isn't there anyway.
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
