// SPDX-License-Identifier: Apache-2.0
#include "migrate/migrator.hpp"

#include "postgres/plain_settings.hpp"
#include "postgres/pqxx_compat.hpp"

#include <algorithm>
#include <iterator>
#include <thread>

namespace outboxd::migrate {

using postgres::exec;
using postgres::plain_settings_sql;
using postgres::sqlstate_of;
using postgres::text_of;
using postgres::whole_message_of;

namespace {

using std::chrono::milliseconds;

constexpr const char* kLockNotAvailable = "55P03";

/// The key of the migrations' advisory lock: "outboxd" in hexadecimal.
constexpr const char* kLockKey = "x'6f7574626f7864'::bigint";

std::string remedy_for(const std::string& sqlstate) {
  if (sqlstate == "42501")
    return "run it as a role that may create tables in the current schema, and that owns those that are there";
  if (sqlstate == "3F000") return "create the schema that search_path names, or set another search_path";
  if (sqlstate == kLockNotAvailable)
    return "another session, or autovacuum, holds the lock: run it again when that one is done";
  if (sqlstate == "25006") return "connect to the primary server, not to a read-only one";
  if (sqlstate == "P0001") return "nothing was changed";
  return "nothing was changed; put that right and run it again";
}

[[noreturn]] void fail(const Migration& migration, std::string_view action, const std::exception& error) {
  throw MigrationError("migration " + full_name(migration) + " could not be " + std::string(action) + ": " +
                       whole_message_of(error) + ": " + remedy_for(sqlstate_of(error)));
}

/// The conditions of the migrations compare texts as the catalog prints them, which needs these settings.
void set_plain(pqxx::transaction_base& transaction, bool local) {
  exec(transaction, "SELECT" + plain_settings_sql(local));
}

bool is_done(pqxx::transaction_base& transaction, const Migration& migration) {
  const auto result = exec(transaction, "SELECT (" + std::string(migration.done_when) + ")::boolean");
  return text_of(result[0][0]) == "t";
}

/// " (process 42)", or "" if the lock has just been released.
std::string lock_holder(pqxx::transaction_base& transaction) {
  const auto found = exec(
      transaction, std::string("SELECT pid FROM pg_catalog.pg_locks WHERE locktype OPERATOR(pg_catalog.=) 'advisory'"
                               " AND granted AND objsubid OPERATOR(pg_catalog.=) 1::smallint"
                               " AND database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database"
                               " WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
                               " AND (classid::bigint OPERATOR(pg_catalog.<<) 32) OPERATOR(pg_catalog.|)"
                               " objid::bigint OPERATOR(pg_catalog.=) ") +
                       kLockKey + " LIMIT 1");
  return found.empty() ? "" : " (process " + text_of(found[0][0]) + ")";
}

/// Polls for the lock instead of waiting for it inside Postgres: a waiting session would hold a snapshot, and CREATE
/// INDEX CONCURRENTLY of the other migrator waits for every older snapshot.
void take_lock(pqxx::transaction_base& transaction, const std::string& try_function, milliseconds patience) {
  constexpr milliseconds kPause{50};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (text_of(exec(transaction, "SELECT " + try_function + "(" + kLockKey + ")")[0][0]) != "t") {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw MigrationError("another migration of this database is still running after " +
                           std::to_string(patience.count()) + " ms, or some other session" +
                           lock_holder(transaction) +
                           " holds the migrations' advisory lock: run it again when that one is done");
    }
    std::this_thread::sleep_for(kPause);
  }
}

/// Bounds the wait for locks, as other sessions queue behind ours meanwhile. Statements themselves are not bounded,
/// even if the connection sets a statement_timeout.
void set_timeouts(pqxx::transaction_base& transaction, milliseconds lock_timeout, bool local) {
  const std::string set = local ? "SET LOCAL " : "SET ";
  exec(transaction, set + "statement_timeout = 0");
  exec(transaction, set + "lock_timeout = " + std::to_string(lock_timeout.count()));
}

/// The session-level form of the migrators' lock, for work that can't run in a transaction.
class SessionLock {
 public:
  SessionLock(pqxx::transaction_base& transaction, milliseconds patience) : transaction_(transaction) {
    take_lock(transaction_, "pg_catalog.pg_try_advisory_lock", patience);
  }
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;
  ~SessionLock() {
    try {
      exec(transaction_, "RESET lock_timeout");
      exec(transaction_, "RESET statement_timeout");
      exec(transaction_, std::string("SELECT pg_catalog.pg_advisory_unlock(") + kLockKey + ")");
    } catch (const std::exception&) {
      // The connection is gone, and with it the session and its locks.
      return;
    }
  }

 private:
  pqxx::transaction_base& transaction_;
};

/// Drops the remains of a migration that failed half-way, if there are any.
void clean_up(pqxx::transaction_base& session, const Migration& migration) {
  try {
    exec(session, std::string(migration.down));
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::failure&) {
    // There were no remains, or they are in use. In that case the next statement reports it.
  }
}

constexpr const char* kBegin = "BEGIN;\nSET LOCAL lock_timeout = '300ms';\n";

const Migration& numbered(std::span<const Migration> set, int number) {
  const auto found = std::ranges::find(set, number, &Migration::number);
  if (found == set.end()) {
    throw MigrationError("there is no migration " + std::to_string(number) + ": the last one is " +
                         std::to_string(set.empty() ? 0 : set.back().number));
  }
  return *found;
}

}  // namespace

std::string full_name(const Migration& migration) {
  auto digits = std::to_string(migration.number);
  digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
  return digits + "_" + std::string(migration.name);
}

std::vector<Migration> wanted_of(std::span<const Migration> set, const std::vector<std::string>& wanted) {
  std::vector<Migration> chosen;
  std::ranges::copy_if(set, std::back_inserter(chosen), [&wanted](const Migration& migration) {
    return migration.option.empty() || std::ranges::find(wanted, migration.option) != wanted.end();
  });
  return chosen;
}

std::string render_sql(std::span<const Migration> set) {
  std::string sql;
  for (const auto& migration : set) {
    sql += (sql.empty() ? "-- " : "\n-- ") + full_name(migration) + "\n";
    if (migration.in_transaction) sql += kBegin;
    sql += migration.up;
    if (migration.in_transaction) sql += "COMMIT;\n";
  }
  if (sql.empty()) sql = "-- nothing to do: every migration that was asked for is already there\n";
  return sql;
}

std::string render_down_sql(std::span<const Migration> set, int number) {
  const auto& migration = numbered(set, number);
  return "-- down of " + full_name(migration) + "\n" + kBegin + std::string(migration.down) + "COMMIT;\n";
}

PlannedMigration Migrator::look_up(const Migration& migration) {
  try {
    pqxx::read_transaction transaction(connection_);
    set_plain(transaction, true);
    return {migration, is_done(transaction, migration)};
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::failure& error) {
    fail(migration, "looked up", error);
  }
}

std::vector<PlannedMigration> Migrator::plan() {
  std::vector<PlannedMigration> planned;
  for (const auto& migration : wanted_of(set_, options_.wanted)) planned.push_back(look_up(migration));
  return planned;
}

std::string Migrator::dry_run_sql() {
  std::vector<Migration> pending;
  for (const auto& planned : plan()) {
    if (!planned.already_there) pending.push_back(planned.migration);
  }
  return render_sql(pending);
}

std::vector<Migration> Migrator::apply() {
  std::vector<Migration> applied;
  // One by one, as a migration's condition may depend on the migrations before.
  for (const auto& migration : wanted_of(set_, options_.wanted)) {
    if (!look_up(migration).already_there && apply_one(migration)) applied.push_back(migration);
  }
  return applied;
}

template <class Action>
bool Migrator::with_patience(const Action& action) {
  const auto deadline = std::chrono::steady_clock::now() + options_.lock_patience;
  for (int tries = 1;; ++tries) {
    try {
      // Autovacuum is cancelled for a session that has waited for a second (deadlock_timeout), so each fourth wait is
      // longer than that.
      return action(tries % 4 == 0 ? 4 * options_.lock_timeout : options_.lock_timeout);
    } catch (const pqxx::failure& error) {
      if (sqlstate_of(error) != kLockNotAvailable || std::chrono::steady_clock::now() >= deadline) throw;
    }
    // Meanwhile the sessions that queued behind us can run.
    std::this_thread::sleep_for(options_.lock_timeout);
  }
}

bool Migrator::apply_one(const Migration& migration) {
  try {
    // A statement outside a transaction may be half done, so it isn't retried.
    if (!migration.in_transaction) return apply_without_transaction(migration);
    return with_patience([&](milliseconds lock_timeout) { return apply_in_transaction(migration, lock_timeout); });
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::failure& error) {
    fail(migration, "applied", error);
  }
}

bool Migrator::apply_in_transaction(const Migration& migration, milliseconds lock_timeout) {
  pqxx::work transaction(connection_);
  set_plain(transaction, true);
  set_timeouts(transaction, lock_timeout, true);
  take_lock(transaction, "pg_catalog.pg_try_advisory_xact_lock", options_.wait_for_other);
  // Check again under the lock, as the session that held it before may have applied this migration. Within a
  // transaction a session sees new tables of other sessions only after it locks a relation, so it reads one first.
  exec(transaction, "SELECT FROM pg_catalog.pg_class LIMIT 0");
  if (is_done(transaction, migration)) return false;
  exec(transaction, std::string(migration.up));
  transaction.commit();
  return true;
}

bool Migrator::apply_without_transaction(const Migration& migration) {
  pqxx::nontransaction session(connection_);
  const SessionLock lock(session, options_.wait_for_other);
  set_plain(session, false);
  if (is_done(session, migration)) return false;
  set_timeouts(session, options_.lock_timeout, false);
  // An earlier attempt may have left an invalid index, which is in the way.
  clean_up(session, migration);
  // This waits for open transactions, but no other session waits for this one meanwhile.
  set_timeouts(session, options_.lock_patience, false);
  try {
    exec(session, std::string(migration.up));
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::failure&) {
    clean_up(session, migration);
    throw;
  }
  return true;
}

bool Migrator::revert(int number) {
  const auto& migration = numbered(set_, number);
  try {
    return with_patience([&](milliseconds lock_timeout) { return revert_one(migration, lock_timeout); });
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::failure& error) {
    fail(migration, "reverted", error);
  }
}

bool Migrator::revert_one(const Migration& migration, milliseconds lock_timeout) {
  pqxx::work transaction(connection_);
  set_plain(transaction, true);
  set_timeouts(transaction, lock_timeout, true);
  take_lock(transaction, "pg_catalog.pg_try_advisory_xact_lock", options_.wait_for_other);
  // An optional migration may exist in part; its down file drops the existing parts.
  if (migration.option.empty() && !is_done(transaction, migration)) return false;
  exec(transaction, std::string(migration.down));
  transaction.commit();
  return true;
}

}  // namespace outboxd::migrate
