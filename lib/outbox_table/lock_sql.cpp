// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/lock_sql.hpp"

#include "outbox_table/layout_sql.hpp"
#include "postgres/identifier.hpp"

#include <string>
#include <string_view>

namespace outboxd::outbox_table {

using postgres::quote_text;

namespace {

// The xmax of a row that was never locked is 0; otherwise it is the transaction that has locked, updated or deleted
// it. That may be long over, or hidden behind a savepoint or among several; so a few rows that pg_locks doesn't
// explain are locked for as long as this statement takes, skipping rows that can't be. Rows whose transaction is long
// over may be many: they come last.
constexpr std::string_view kMarked = R"sql(/* locked rows */
WITH due AS MATERIALIZED (
  SELECT {id} AS id, xmax::text AS xid, {available_at} AS since FROM {table}
   WHERE {free} AND {available_at} < now() - interval '10 seconds' AND {id_fits}
   ORDER BY {available_at} LIMIT 5000),
marked AS MATERIALIZED (
  SELECT id, xid IN (SELECT transactionid::text FROM pg_locks
                      WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted) AS is_locked
    FROM due WHERE xid <> '0' ORDER BY is_locked DESC, since LIMIT 100))sql";

constexpr std::string_view kSeenLocked = R"sql(
SELECT id::text FROM marked WHERE is_locked)sql";

constexpr std::string_view kTriedLocked = R"sql(,
tried AS MATERIALIZED (SELECT id FROM marked WHERE NOT is_locked LIMIT 20),
taken AS MATERIALIZED (
  SELECT {id} AS id FROM {table} WHERE {id} {id_equals} ANY (ARRAY(SELECT id FROM tried)) FOR UPDATE SKIP LOCKED)
SELECT id::text FROM marked WHERE is_locked
UNION ALL SELECT id::text FROM tried WHERE id::text NOT IN (SELECT id::text FROM taken))sql";

// The table and its partitions; the sessions that hold or want a lock on any of them; and prepared transactions:
// until the server restarts each keeps the virtual transaction of the session that has prepared it.
constexpr std::string_view kTree = R"sql(
tree AS (
  SELECT to_regclass({table_name})::oid AS relation
   UNION ALL SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = relation),
on_table AS MATERIALIZED (
  SELECT pid, virtualtransaction, mode, granted FROM pg_locks
   WHERE locktype = 'relation' AND relation IN (SELECT relation FROM tree)
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND pid IS DISTINCT FROM pg_backend_pid()),
without_session AS MATERIALIZED (
  SELECT virtualtransaction, gid, prepared FROM pg_prepared_xacts
    JOIN pg_locks ON pid IS NULL AND locktype = 'transactionid' AND transactionid::text = transaction::text))sql";

// For other roles' sessions this role may see no more than the pid and the name; a prepared transaction has no
// session.
constexpr std::string_view kDescribed = R"sql(
SELECT DISTINCT ON (began, holders.virtualtransaction) holders.virtualtransaction AS transaction, CASE
    WHEN pid IS NULL THEN 'prepared transaction ' || coalesce(gid, '') || coalesce(', since ' || {shown_began}, '')
    ELSE 'pid ' || pid::text || coalesce(' of role ' || usename::text, '')
         || CASE WHEN application_name <> '' THEN ' (' || application_name || ')' ELSE '' END
         || coalesce(' from ' || host(client_addr), '') || coalesce(', ' || state, '')
         || coalesce(', in a transaction since ' || {shown_began},
                     '; what it does, and since when, this role may not see without pg_read_all_stats') END AS who, how
  FROM holders LEFT JOIN pg_stat_activity USING (pid)
  LEFT JOIN without_session ON pid IS NULL AND holders.virtualtransaction = without_session.virtualtransaction,
       LATERAL (SELECT coalesce(xact_start, prepared) AS began) AS of_it
 WHERE is_certain OR began IS NULL OR began < now() - interval '5 seconds'
 ORDER BY began LIMIT 20)sql";

// Where a row's own transaction can't be seen, the transactions that have written or locked rows of the table for
// long.
constexpr std::string_view kRowHolders = R"sql(
WITH RECURSIVE{tree},
locked_by AS MATERIALIZED (
  SELECT DISTINCT pid, virtualtransaction FROM pg_locks
   WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
     AND transactionid::text IN (
           SELECT xmax::text FROM {table} WHERE {id} {id_equals} ANY ($1::text[]::{ids}))),
holders AS (
  SELECT '' AS how, true AS is_certain, pid, virtualtransaction FROM locked_by
   UNION ALL
  SELECT '', false, pid, virtualtransaction FROM on_table
   WHERE granted AND mode <> 'AccessShareLock' AND NOT EXISTS (SELECT FROM locked_by)){described})sql";

// Claims wait behind a lock that is granted, and behind one that is waited for, even for a reader. pg_blocking_pids
// keeps the whole server from taking locks meanwhile, so it is called once for each waiting session, for a few of
// them. It has a 0 for a prepared transaction.
constexpr std::string_view kTableHolders = R"sql(
WITH RECURSIVE{tree},
in_the_way AS MATERIALIZED (
  SELECT * FROM on_table WHERE mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')),
blocking AS MATERIALIZED (
  SELECT unnest(pg_blocking_pids(pid)) AS pid
    FROM (SELECT DISTINCT pid FROM in_the_way WHERE NOT granted LIMIT 5) AS waiting),
holders AS (
  SELECT CASE WHEN granted THEN 'holds' ELSE 'waits' END AS how, true AS is_certain, pid, virtualtransaction
    FROM in_the_way
   UNION ALL
  SELECT 'blocks', false, pid, virtualtransaction FROM on_table
   WHERE granted AND coalesce(pid, 0) IN (SELECT pid FROM blocking)
     AND virtualtransaction NOT IN (SELECT virtualtransaction FROM in_the_way)){described})sql";

}  // namespace

void add_locks(const LayoutSql& sql, const LayoutTerms& terms, Layout& layout) {
  auto filled = sql;
  filled.put("table_name", quote_text(terms.table));
  filled.put("shown_began", R"(to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))");
  filled.set("tree", kTree);
  filled.set("described", kDescribed);
  layout.locked_rows = filled.fill_read(std::string{kMarked}.append(kTriedLocked));
  layout.seen_locked_rows = filled.fill_read(std::string{kMarked}.append(kSeenLocked));
  layout.row_holders = filled.fill_read(kRowHolders);
  layout.table_holders = filled.fill(kTableHolders);
}

}  // namespace outboxd::outbox_table
