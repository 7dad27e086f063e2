// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/commit_listener.hpp"

namespace outboxd::outbox_store {

using postgres::exec;
using postgres::Statements;
using postgres::text_of;

namespace {

using dispatch::WakeUps;

// A dispatcher that hangs must not slow writers down for ever. A working dispatcher returns sooner than this, even if
// it has to wait for Redis in between.
constexpr std::chrono::milliseconds kPatience{15'000};

// The lock is the one that the trigger's condition names, as a restored table has another oid. $2: the time-out
// (available since Postgres 14), $3: the table listened to, without which no lock is taken, $4: a lock is held.
constexpr const char* kArm = R"sql(
SELECT oid, key, taken, CASE WHEN taken AND current_setting('server_version_num')::int >= 140000
                             THEN set_config('idle_session_timeout', $2, false) END
  FROM (SELECT tgrelid AS oid, key,
               CASE WHEN tgrelid = $3::oid AND NOT $4::boolean THEN pg_try_advisory_lock(key) END AS taken
          FROM pg_catalog.pg_trigger, LATERAL (SELECT substring(pg_get_expr(tgqual, tgrelid)
                 FROM 'pg_try_advisory_xact_lock_shared\(+''?(-?[0-9]+)''?\)?(?:::bigint)?\)')::bigint AS key) AS of_trigger
         WHERE tgrelid = to_regclass($1) AND tgname = 'outboxd_wake_up' AND tgenabled IN ('O', 'A')
           AND key IS NOT NULL OFFSET 0) AS found)sql";

constexpr const char* kDisarm = R"sql(
SELECT pg_advisory_unlock($1::bigint),
       CASE WHEN current_setting('server_version_num')::int >= 140000
            THEN set_config('idle_session_timeout', '0', false) END)sql";

// An idle dispatcher of this role holds the lock for a good reason.
constexpr const char* kHolder = R"sql(
SELECT l.pid, coalesce(a.usename::text, '?') AS role, l.mode
  FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint
   AND (l.mode = 'ShareLock' OR a.usename IS DISTINCT FROM current_user)
 ORDER BY l.pid LIMIT 1)sql";

// A session that inserts holds the lock for a moment.
constexpr std::chrono::seconds kHeldForLong{5};

}  // namespace

void CommitListener::begin(std::uint64_t connection) {
  if (connection == connection_) return;
  connection_ = connection;
  listens_to_.clear();
  armed_.clear();
}

WakeUps CommitListener::arm(Statements& statements, std::uint64_t connection) {
  begin(connection);
  auto found = look(statements);
  if (!armed_.empty()) {
    if (found.table == listens_to_ && found.lock == armed_) return WakeUps::armed;
    disarm(statements, connection);
    found = look(statements);
  }
  if (found.table.empty()) return WakeUps::none;
  // Listen even if another dispatcher holds the lock: its wake-up may be about rows of this dispatcher.
  if (listens_to_ != found.table) {
    listen_to(statements, found.table);
    found = look(statements);
  }
  if (!found.taken) {
    find_who_holds(statements, found.lock);
    return WakeUps::not_now;
  }
  holder_.clear();
  armed_ = found.lock;
  return WakeUps::armed;
}

CommitListener::Found CommitListener::look(Statements& statements) const {
  const auto found = exec(statements, kArm, table_, (poll_interval_ + kPatience).count(),
                          listens_to_.empty() ? "0" : listens_to_, !armed_.empty());
  if (found.empty()) return {};
  const auto row = found[0];
  return {.table = text_of(row["oid"]), .lock = text_of(row["key"]), .taken = text_of(row["taken"]) == "t"};
}

void CommitListener::find_who_holds(Statements& statements, const std::string& lock) {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_at_ < kHeldForLong) return;
  looked_at_ = now;
  const auto found = exec(statements, kHolder, lock);
  const auto pid = found.empty() ? std::string{} : text_of(found[0]["pid"]);
  if (!pid.empty() && pid == holder_ && pid != told_of_) {
    told_of_ = pid;
    notice_ = "commits don't wake it: session " + pid + " of role " + text_of(found[0]["role"]) +
              " has held the wake-ups' advisory lock (" + lock + ", " + text_of(found[0]["mode"]) +
              ") for some time; rows are found by polling until it ends";
  }
  holder_ = pid;
}

void CommitListener::listen_to(Statements& statements, const std::string& table) {
  exec(statements, "UNLISTEN *");
  exec(statements, "LISTEN outboxd_" + table);
  // A client that has vanished reads no notifications.
  exec(statements,
       "SELECT CASE WHEN current_setting('server_version_num')::int >= 120000"
       " THEN set_config('tcp_user_timeout', $1, false) END",
       kPatience.count());
  listens_to_ = table;
}

void CommitListener::disarm(Statements& statements, std::uint64_t connection) {
  begin(connection);
  if (armed_.empty()) return;
  exec(statements, kDisarm, armed_);
  armed_.clear();
}

}  // namespace outboxd::outbox_store
