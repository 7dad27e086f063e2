// SPDX-License-Identifier: Apache-2.0
#include "postgres/commit_watch.hpp"

namespace outboxd::postgres {
namespace {

using dispatch::WakeUps;

// A dispatcher that hangs must not go on slowing writers down. One that works comes back sooner than this, although
// it may have to wait for Redis in between.
constexpr std::chrono::milliseconds kPatience{15'000};

// The lock's first key is the trigger's: "outb". $2: the time-out (there since Postgres 14), $3: the table listened
// to, without which there is no lock to be taken, $4: it is held.
constexpr const char* kArm = R"sql(
SELECT oid, taken, CASE WHEN taken AND current_setting('server_version_num')::int >= 140000
                        THEN set_config('idle_session_timeout', $2, false) END
  FROM (SELECT tgrelid AS oid,
               CASE WHEN tgrelid = $3::oid AND NOT $4::boolean
                    THEN pg_try_advisory_lock(1869968482, tgrelid::int4) END AS taken
          FROM pg_catalog.pg_trigger
         WHERE tgrelid = to_regclass($1) AND tgname = 'outboxd_wake_up' AND tgenabled IN ('O', 'A') OFFSET 0) AS found)sql";

constexpr const char* kDisarm = R"sql(
SELECT pg_advisory_unlock(1869968482, $1::oid::int4),
       CASE WHEN current_setting('server_version_num')::int >= 140000
            THEN set_config('idle_session_timeout', '0', false) END)sql";

}  // namespace

void CommitWatch::begin(std::uint64_t connection) {
  if (connection == connection_) return;
  connection_ = connection;
  listens_to_.clear();
  armed_.clear();
}

WakeUps CommitWatch::arm(Statements& statements, std::uint64_t connection) {
  begin(connection);
  auto found = look(statements);
  auto oid = found.empty() ? std::string{} : text_of(found[0][0]);
  if (!armed_.empty() && armed_ == oid) return WakeUps::armed;
  disarm(statements, connection);
  if (oid.empty()) return WakeUps::none;
  // Also without the lock: what tells the one who has it may be ours to publish.
  if (listens_to_ != oid) {
    listen_to(statements, oid);
    found = look(statements);
    oid = found.empty() ? std::string{} : text_of(found[0][0]);
  }
  if (oid == listens_to_ && text_of(found[0][1]) == "t") armed_ = oid;
  return armed_.empty() ? WakeUps::not_now : WakeUps::armed;
}

pqxx::result CommitWatch::look(Statements& statements) const {
  return exec(statements, kArm, table_, (poll_interval_ + kPatience).count(), listens_to_.empty() ? "0" : listens_to_,
              !armed_.empty());
}

void CommitWatch::listen_to(Statements& statements, const std::string& oid) {
  exec(statements, "UNLISTEN *");
  exec(statements, "LISTEN outboxd_" + oid);
  // Nobody reads for a machine that is gone.
  exec(statements,
       "SELECT CASE WHEN current_setting('server_version_num')::int >= 120000"
       " THEN set_config('tcp_user_timeout', $1, false) END",
       kPatience.count());
  listens_to_ = oid;
}

void CommitWatch::disarm(Statements& statements, std::uint64_t connection) {
  begin(connection);
  if (armed_.empty()) return;
  exec(statements, kDisarm, armed_);
  armed_.clear();
}

}  // namespace outboxd::postgres
