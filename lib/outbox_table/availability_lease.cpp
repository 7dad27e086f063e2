// SPDX-License-Identifier: Apache-2.0
// A claim moves the time from which a row may be claimed to the lease's end. To all other dispatchers the row then
// looks as if it were not due yet. The end identifies the claim: it lies after every time at which the row was due
// before.
#include "outbox_table/claimed_sql.hpp"
#include "outbox_table/layout_sql.hpp"
#include "outbox_table/lock_sql.hpp"
#include "outbox_table/prune_sql.hpp"
#include "outbox_table/sample_sql.hpp"

namespace outboxd::outbox_table {
namespace {

// No index holds the order of creation, and sorting a backlog for each batch would cost more than the batch. A row
// that was never retried is due from its creation on; so the rows due first, in the index's order, are sorted by
// creation among themselves. Where others have locked the greater part of them, those behind them are taken as they
// come.
constexpr std::string_view kClaim = R"sql(/* claim */
WITH oldest AS MATERIALIZED (
  SELECT {key} AS place, {id} AS id FROM {table}
   WHERE {key} {key_equals} ANY (ARRAY(SELECT {key} FROM {table} WHERE {which}{and_rows}
                             ORDER BY {available_at} LIMIT greatest(4 * $1::bigint, 256)))
     AND {still_due}
   ORDER BY {created_at}, {id_order} LIMIT $1::bigint FOR UPDATE SKIP LOCKED),
others AS MATERIALIZED (
  SELECT {key} AS place, {id} AS id FROM {table}
   WHERE {which}{and_rows} AND NOT {key} {key_equals} ANY (ARRAY(SELECT place FROM oldest))
   ORDER BY {available_at} LIMIT $1::bigint - (SELECT count(*) FROM oldest) FOR UPDATE SKIP LOCKED),
locked AS MATERIALIZED (SELECT * FROM oldest UNION ALL SELECT * FROM others),
claimed AS (
  UPDATE {table} AS o
     SET {available_at} = {lease_end}
   WHERE o.{key} {key_equals} ANY (ARRAY(SELECT place FROM locked)) AND {still_due}
  RETURNING{returned}){claimed})sql";

constexpr std::string_view kReturned = R"sql(
            least({o_attempts}, {attempts_cap}) + 1 AS attempt, o.{available_at} AS lease,
            o.{created_at} AS order_time, {due_since} AS due_since,{row_returned})sql";

constexpr std::string_view kClaimWindow = R"sql(
SELECT place::text, first FROM (
  SELECT {key} AS place, {created_at} AS created_at, {id_order} AS id,
         CASE WHEN row_number() OVER (ORDER BY {available_at}) = 1 THEN {available_at}::text END AS first
    FROM {table}
   WHERE {due}{from}{but_streams} ORDER BY {available_at} LIMIT $1::bigint) AS found
 ORDER BY created_at, id)sql";

constexpr std::string_view kClaimPlaces = R"sql(/* claim */
WITH locked AS MATERIALIZED (
  SELECT {key} AS place, {id} AS id FROM {table} WHERE {which}{and_rows}
   ORDER BY {created_at}, {id_order} LIMIT $1::bigint FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE {table} AS o
     SET {available_at} = {lease_end}
   WHERE o.{key} {key_equals} ANY (ARRAY(SELECT place FROM locked)) AND {still_due}
  RETURNING{returned}){claimed})sql";

constexpr std::string_view kDueIds = R"sql(
SELECT id::text FROM (
  SELECT {id} AS id, {created_at} AS created_at FROM {table}
   WHERE {due} AND {id_fits} AND {not_left_out}{from}{but_streams}
   ORDER BY {available_at} LIMIT $1::bigint) AS due
 ORDER BY created_at, id)sql";

constexpr std::string_view kMarkDead = R"sql(
UPDATE {table} SET {set_dead}{attempts} = least({own_attempts}, {attempts_cap}) + 1
 WHERE $2::text IS NOT NULL
   AND {id} {id_equals} ANY (ARRAY(SELECT {id} FROM {table}
                          WHERE {id} {id_equals} $1::text::{id_type} AND {pending} AND {available_at} <= now()
                            FOR UPDATE SKIP LOCKED)))sql";

constexpr std::string_view kMarkNamelessDead = R"sql(
UPDATE {table} SET {set_dead}{attempts} = least({own_attempts}, {attempts_cap}) + 1
 WHERE $2::text IS NOT NULL AND ctid = $1::tid AND NOT ({id_fits}) AND {pending}
   AND {available_at} = $3::timestamptz)sql";

constexpr std::string_view kOurs =
    "{id} {id_equals} ANY ($1::text[]::{ids}) AND {pending} AND {available_at} = $2::timestamptz";

// A finished row is not scheduled for later.
constexpr std::string_view kMarkPublished = R"sql(/* settle */
WITH written AS (
  UPDATE {table} AS o
     SET {set_published}{attempts} = least({own_attempts}, {attempts_cap}) + 1, {available_at} = least({available_at}, now())
   WHERE {ours}
  RETURNING o.{id} AS id, {is_published} AS as_meant))sql";

// The time at which a row was due before its claim is forgotten. A row that is given back is due from its creation
// on, so that a claim of rows that were due at some time, as with --once, takes it again.
constexpr std::string_view kSettle = R"sql(/* settle */
WITH written AS (
UPDATE {table} AS o
   SET {set_outcome}{attempts} = CASE WHEN s.verdict = 'released' THEN o.{attempts}
                                      ELSE least({o_attempts}, {attempts_cap}) + 1 END,
       {available_at} = CASE{dead_at}
                             WHEN s.delay > 0 THEN now() + s.delay * interval '1 microsecond'
                             WHEN s.verdict = 'released' THEN least({first_due}, now())
                             ELSE least(o.{available_at}, now()) END
  FROM unnest($1::text[]::{ids}, $3::text[], $4::bigint[], $5::text[]) AS s (id, verdict, delay, error)
 WHERE o.{id} {id_equals} s.id AND o.{pending} AND o.{available_at} = $2::timestamptz{and_rows}
RETURNING o.{id} AS id, coalesce({is_as_meant}, false) AS as_meant))sql";

}  // namespace

Layout availability_lease_layout(const TableShape& shape, const LayoutTerms& terms) {
  LayoutSql sql{shape, terms};
  sql.set("due", "{pending} AND {available_at} <= least(now(), $2::timestamptz){filter}{and_named}");
  sql.set("free", "{pending} AND {available_at} <= now(){filter}");
  sql.set("still_due", kStillDue);
  sql.set("ours", kOurs);
  sql.put("is_free", "true");
  sql.set("tried", "({last_error} IS NOT NULL OR {own_attempts} > 0)");
  // A row that is leased looks like one that is due within the lease time; for a further attempt, like one that
  // waits for it.
  sql.set("delayed_from", "(now() + {lease_ms} * interval '1 millisecond')");
  sql.set("first_due", shape.created_at.empty() ? "now()" : "o.{created_at}");
  // The claim overwrites the time from which the row was due.
  sql.set("due_since", shape.created_at.empty() ? "NULL::timestamptz" : "o.{created_at}");
  sql.set("returned", kReturned);
  // In such a table neither the worker that leased a row is visible, nor whether its last claim had an outcome: dead
  // workers' rows are due again at their lease's end, and there are no poison candidates.
  Layout layout;
  layout.claims_count = false;
  sql.add_claims(layout, kClaim, kClaimPlaces, "", "true");
  sql.add_settlements(layout, kMarkPublished, kSettle);
  sql.add_searches(layout, bounded_places(std::string{kClaimWindow}, terms), kDueIds, "");
  layout.mark_dead = sql.fill_write(kMarkDead);
  layout.mark_due_nameless_dead = mark_due_nameless_dead_sql(sql, terms, "");
  layout.mark_nameless_dead = sql.fill_write(kMarkNamelessDead);
  layout.sample = sample_sql(sql, shape);
  add_pruning(sql, shape, layout);
  add_locks(sql, terms, layout);
  return layout;
}

}  // namespace outboxd::outbox_table
