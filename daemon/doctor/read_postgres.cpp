// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/readers.hpp"
#include "daemon/doctor/words.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "outbox_store/backlog.hpp"
#include "outbox_store/locked_rows.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/identifier.hpp"
#include "postgres/operator_session.hpp"
#include "postgres/sqlstate.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <type_traits>
#include <utility>

namespace outboxd::daemon::doctor {
namespace {

using outbox_table::Layout;
using outbox_table::LayoutTerms;
using postgres::exec;
using postgres::is_true;
using postgres::OperatorSession;
using postgres::Statements;
using postgres::text_of;

// The doctor makes many statements; none of them should take long, however large the table is.
constexpr std::chrono::milliseconds kLongestStatement{5'000};
constexpr std::size_t kMostHolds = 5;
// 80 MB.
constexpr std::int64_t kManyPages = 10'000;
constexpr std::chrono::milliseconds kBetweenLooks{500};

// The session's own settings would show those that a reading session sets. Sessions of other roles are counted, but
// not shown. A superuser and roles with pg_use_reserved_connections (from 16 on) may use reserved slots.
constexpr const char* kServer = R"sql(
WITH settings AS (SELECT name, reset_val FROM pg_settings),
role AS (SELECT * FROM pg_roles WHERE rolname = current_user),
place AS (SELECT * FROM pg_database WHERE datname = current_database()),
slots AS (
  SELECT least(
           (SELECT sum(reset_val::int) FILTER (WHERE name = 'max_connections')
                   - coalesce(sum(reset_val::int) FILTER (WHERE name <> 'max_connections'), 0)
              FROM settings WHERE name = 'max_connections'
                OR (NOT role.rolsuper AND name IN ('superuser_reserved_connections', 'reserved_connections'))),
           nullif(role.rolconnlimit, -1), nullif(place.datconnlimit, -1)) AS slots,
         least(
           (SELECT sum(reset_val::int) FILTER (WHERE name = 'max_connections')
                   - coalesce(sum(reset_val::int) FILTER (WHERE name <> 'max_connections'), 0)
              FROM settings WHERE name = 'max_connections'
                OR (NOT role.rolsuper AND name IN ('superuser_reserved_connections', 'reserved_connections')))
             - (SELECT sum(numbackends) FROM pg_stat_database),
           nullif(role.rolconnlimit, -1) - (SELECT count(*) FROM pg_stat_activity WHERE usesysid = role.oid),
           nullif(place.datconnlimit, -1) - (SELECT numbackends FROM pg_stat_database WHERE datid = place.oid)) AS slots_left
    FROM role, place)
SELECT current_setting('server_version_num') AS version_number, current_setting('server_version') AS version,
       current_user::text AS role, current_setting('is_superuser') = 'on' AS is_superuser,
       (SELECT rolname::text FROM pg_roles WHERE rolsuper AND rolcanlogin
           AND rolname NOT IN ('rdsadmin', 'cloudsqladmin', 'azuresu') ORDER BY oid LIMIT 1) AS superuser,
       pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all_sessions, pg_is_in_recovery() AS in_recovery,
       (SELECT reset_val FROM settings WHERE name = 'default_transaction_read_only') AS read_only,
       (SELECT reset_val FROM settings WHERE name = 'synchronous_commit') AS synchronous_commit,
       (SELECT reset_val FROM settings WHERE name = 'fsync') AS fsync,
       (SELECT reset_val FROM settings WHERE name = 'full_page_writes') AS full_page_writes,
       (SELECT reset_val FROM settings WHERE name = 'autovacuum') AS autovacuum,
       (SELECT reset_val FROM settings WHERE name = 'track_counts') AS track_counts,
       slots.slots::bigint AS slots, slots.slots_left::bigint + 1 AS slots_left,
       coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), '') AS tls,
       coalesce(host(inet_client_addr()), '') AS client
  FROM slots)sql";

constexpr const char* kClock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

constexpr const char* kSessions = R"sql(
SELECT pid::text AS pid, coalesce(usename::text, '') AS role, coalesce(host(client_addr), '') AS client
  FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'outboxd' AND pid <> pg_backend_pid() ORDER BY pid LIMIT 20)sql";

ServerFacts read_server(Statements& statements) {
  const auto line = exec(statements, kServer)[0];
  const auto number = [&line](const char* name) { return std::stoll(text_of(line[name])); };
  return {.version_number = static_cast<int>(number("version_number")),
          .version = text_of(line["version"]),
          .role = text_of(line["role"]),
          .is_superuser = is_true(line["is_superuser"]),
          .superuser = text_of(line["superuser"]),
          .sees_all_sessions = is_true(line["sees_all_sessions"]),
          .in_recovery = is_true(line["in_recovery"]),
          .read_only = text_of(line["read_only"]),
          .synchronous_commit = text_of(line["synchronous_commit"]),
          .fsync = text_of(line["fsync"]),
          .full_page_writes = text_of(line["full_page_writes"]),
          .autovacuum = text_of(line["autovacuum"]),
          .track_counts = text_of(line["track_counts"]),
          .slots = number("slots"),
          .slots_left = number("slots_left"),
          .tls = text_of(line["tls"]),
          .local = is_local_address(text_of(line["client"]))};
}

std::chrono::milliseconds read_clock(Statements& statements) {
  using std::chrono::system_clock;
  const auto before = system_clock::now();
  const auto answer = exec(statements, kClock);
  const auto after = system_clock::now();
  const system_clock::time_point theirs{std::chrono::milliseconds{std::stoll(text_of(answer[0][0]))}};
  return std::chrono::duration_cast<std::chrono::milliseconds>(theirs - (before + (after - before) / 2));
}

std::vector<LockFacts> read_locks(Statements& statements, const Layout& layout) {
  std::vector<LockFacts> locks;
  for (const auto& line : exec(statements, layout.table_holders)) {
    locks.push_back({text_of(line["how"]), text_of(line["who"])});
  }
  return locks;
}

std::vector<SessionFacts> read_sessions(Statements& statements) {
  std::vector<SessionFacts> sessions;
  for (const auto& line : exec(statements, kSessions)) {
    sessions.push_back({text_of(line["pid"]), text_of(line["role"]), text_of(line["client"])});
  }
  return sessions;
}

/// Two looks, as a dispatcher has the rows locked that it just claims.
dispatch::LockedRows read_locked_rows(Statements& statements, const Layout& layout) {
  outbox_store::LockedRowsLook look;
  auto found = look.look(statements, layout, outbox_store::LockedRowsLook::How::reading);
  if (!look.found_any()) return found;
  std::this_thread::sleep_for(kBetweenLooks);
  return look.look(statements, layout, outbox_store::LockedRowsLook::How::reading);
}

/// One part of the facts. What is refused, or takes too long, leaves the other parts as they are.
template <class T, class Work>
void read_part(OperatorSession& session, Part<T>& part, Work work) {
  try {
    part.known = session.run(work);
  } catch (const std::exception& error) {
    part.why_not = postgres::message_of(error);
    if (part.why_not.empty()) part.why_not = "the connection was lost";
  }
}

/// The counts stand, also if a query after them takes too long.
void read_rows(OperatorSession& session, const outbox_table::TableShape& shape, const LayoutTerms& terms,
               const Layout& layout, Part<RowFacts>& rows) {
  read_part(session, rows, [&](Statements& statements) {
    return RowFacts{.backlog = outbox_store::count_backlog(statements, layout, "")};
  });
  if (!rows.known) return;
  const auto add = [&](auto& into, auto work) {
    Part<std::remove_reference_t<decltype(into)>> part;
    read_part(session, part, work);
    if (part.known) into = std::move(*part.known);
    if (!part.known) rows.known->why_incomplete = part.why_not;
  };
  add(rows.known->workers,
      [&](Statements& statements) { return outbox_table::lease_holders(statements, shape, terms); });
  add(rows.known->streams,
      [&](Statements& statements) { return outbox_table::streams_in(statements, shape, terms); });
  if (rows.known->backlog.oldest_pending.value_or(std::chrono::milliseconds{0}) < outbox_store::kLongDue) return;
  add(rows.known->backlog.locked, [&](Statements& statements) { return read_locked_rows(statements, layout); });
}

void read_table(OperatorSession& session, const outbox_store::RowStoreOptions& options, PostgresFacts& facts) {
  const auto& shape = options.shape;
  read_part(session, facts.table, [&](Statements& statements) {
    return outbox_table::inspect_table(statements, postgres::quote_table(options.table), shape,
                                       options.terms.worker.size());
  });
  if (!facts.table.known || facts.table.known->table.empty()) {
    const std::string no_table = facts.table.known ? "there is no such table" : facts.table.why_not;
    for (auto* why_not : {&facts.indexes.why_not, &facts.triggers.why_not, &facts.storage.why_not,
                          &facts.namesakes.why_not, &facts.locks.why_not, &facts.rows.why_not}) {
      *why_not = no_table;
    }
    return;
  }
  const auto& table = facts.table.known->table;
  const auto terms = outbox_table::with_facts(options.terms, *facts.table.known);
  const auto layout = outbox_table::make_layout(shape, terms);
  facts.dispatcher.takes_few_streams = outbox_table::takes_few_streams(terms);
  read_part(session, facts.locks, [&](Statements& statements) { return read_locks(statements, layout); });
  read_part(session, facts.indexes,
            [&](Statements& statements) { return outbox_table::indexes_of(statements, table); });
  read_part(session, facts.triggers,
            [&](Statements& statements) { return outbox_table::triggers_of(statements, table); });
  read_part(session, facts.storage,
            [&](Statements& statements) { return outbox_table::storage_of(statements, table); });
  read_part(session, facts.namesakes,
            [&](Statements& statements) { return outbox_table::namesakes_of(statements, table); });
  const bool claims_are_served =
      !facts.indexes.known || outbox_table::claim_index_of(*facts.indexes.known, shape) != nullptr;
  if (!claims_are_served && facts.storage.known && facts.storage.known->pages > kManyPages) {
    facts.rows.why_not = "without an index for claims, the whole table would be read";
    return;
  }
  read_rows(session, shape, terms, layout, facts.rows);
}

void name_place(PostgresFacts& facts, const postgres::ConninfoPlace& place) {
  const auto or_default = [](const std::string& text, const char* usual) { return text.empty() ? usual : text; };
  facts.server = or_default(place.host, "local") + ":" + or_default(place.port, "5432") + "/" + place.database;
  facts.psql = "psql";
  if (!place.host.empty()) facts.psql += " -h " + shell_word(place.host);
  if (!place.port.empty()) facts.psql += " -p " + shell_word(place.port);
  if (!place.database.empty()) facts.psql += " -d " + shell_word(place.database);
  facts.user = place.user;
}

}  // namespace

PostgresFacts read_postgres(const config::Settings& configured) {
  auto settings = configured;
  PostgresFacts facts;
  name_place(facts, postgres::place_in_conninfo(settings.postgres.url));
  facts.dispatcher.name = settings.dispatcher.name;
  facts.dispatcher.table = settings.dispatcher.table;
  try {
    choose_table_now(settings, outbox_table::TableUse::drive);
    auto options = row_store_options(settings, worker_of(settings, 1));
    options.session.statement_timeout = std::min(options.session.statement_timeout, kLongestStatement);
    facts.dispatcher.table = options.table;
    facts.dispatcher.shape = options.shape;
    facts.dispatcher.lease = options.terms.lease;
    facts.dispatcher.deletes_published_rows = settings.dispatcher.retention.count() > 0;
    facts.dispatcher.streams = options.terms.streams;
    facts.dispatcher.exclude_streams = options.terms.exclude_streams;
    OperatorSession session{options.session};
    name_place(facts, {session.host(), session.port(), session.database(), facts.user});
    facts.pooled = session.is_pooled();
    read_part(session, facts.settings, read_server);
    read_part(session, facts.clock_ahead, read_clock);
    read_part(session, facts.snapshots,
              [](Statements& statements) { return outbox_store::find_snapshot_holds(statements, kMostHolds); });
    read_part(session, facts.sessions, read_sessions);
    read_table(session, options, facts);
    if (!session.is_open()) facts.unreachable = "the connection was lost while it was examined";
  } catch (const std::exception& error) {
    facts.unreachable = postgres::message_of(error);
    facts.sqlstate = postgres::sqlstate_of(error);
    // libpqxx has none for a refused connection.
    if (facts.sqlstate.empty()) facts.sqlstate = sqlstate_in(facts.unreachable);
  }
  return facts;
}

}  // namespace outboxd::daemon::doctor
