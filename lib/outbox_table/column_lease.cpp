// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/claimed_sql.hpp"
#include "outbox_table/layout_sql.hpp"
#include "outbox_table/lock_sql.hpp"
#include "outbox_table/prune_sql.hpp"
#include "outbox_table/sample_sql.hpp"
#include "outbox_table/worker_sql.hpp"
#include "postgres/identifier.hpp"

namespace outboxd::outbox_table {

using postgres::quote_name;

namespace {

// Rows to lock are searched once, whatever the plan, so that the limit holds. The inner order is the index's; rows of
// one transaction share their time, so ordering by id as well would sort a bulk insert for each batch. The few
// claimed rows are put in full order at the end.
constexpr std::string_view kClaim = R"sql(/* claim */
WITH locked AS MATERIALIZED ({first_due}),
claimed AS (
  UPDATE {table} AS o
     SET {attempts} = least({o_attempts}, {attempts_cap}) + 1, {locked_by} = {worker}, {locked_until} = {lease_end}
   WHERE o.{key} {key_equals} ANY (ARRAY(SELECT place FROM locked))
     AND {still_due}
  RETURNING o.{attempts} AS attempt, CASE WHEN o.{locked_by}::text = {worker} THEN o.{locked_until} END AS lease,
            o.{available_at} AS order_time, {due_since} AS due_since,{row_returned}){claimed})sql";

constexpr std::string_view kAnyDue =
    "EXISTS (SELECT FROM {table} WHERE {pending} AND {available_at} <= now(){from}{filter}{of_stream})";

// A lease that is still in its row shows that the claim before had no outcome. A poison row would spend an attempt of
// each neighbour with every claim, so from its third claim on a row is claimed alone.
constexpr std::string_view kNoPoisonCandidates =
    " AND NOT ({locked_until} IS NOT NULL AND {own_attempts} BETWEEN least(2, {max_attempts} - 1) AND {max_attempts} "
    "- 1 AND {id_fits})";

constexpr std::string_view kPoisonCandidates = R"sql(
SELECT id::text FROM (
  SELECT {id} AS id, {attempts} AS attempts, {locked_until} AS lease FROM {table}
   WHERE {pending} AND {available_at} <= least(now(), $1::timestamptz){filter}
   ORDER BY {available_at} LIMIT 5000) AS first
 WHERE {is_poison_candidate} ORDER BY attempts LIMIT 1000)sql";

constexpr std::string_view kClaimWindow = R"sql(
SELECT {key}::text, CASE WHEN row_number() OVER (ORDER BY {available_at}) = 1 THEN {available_at}::text END
  FROM {table} WHERE {due}{no_poison_candidates}{from}{but_streams} ORDER BY {available_at} LIMIT $1::bigint)sql";

constexpr std::string_view kDueIds = R"sql(
SELECT id::text FROM (
  SELECT {id} AS id, {available_at} AS available_at FROM {table}
   WHERE {due} AND {id_fits} AND {not_left_out}{no_poison_candidates}{from}{but_streams}
   ORDER BY {available_at} LIMIT $1::bigint) AS due
 ORDER BY available_at, id)sql";

constexpr std::string_view kMarkDead = R"sql(
UPDATE {table}
   SET {set_dead}{attempts} = least({own_attempts}, {attempts_cap}) + 1, {locked_until} = NULL
 WHERE $2::text IS NOT NULL
   AND {id} {id_equals} ANY (ARRAY(
         SELECT {id} FROM {table}
          WHERE {id} {id_equals} $1::text::{id_type} AND {pending} AND ({locked_until} IS NULL OR {locked_until} < now())
            FOR UPDATE SKIP LOCKED)))sql";

constexpr std::string_view kMarkNamelessDead = R"sql(
UPDATE {table} SET {set_dead}{locked_until} = NULL
 WHERE $2::text IS NOT NULL AND ctid = $1::tid AND NOT ({id_fits})
   AND {locked_by}::text = ANY ({our_names}) AND {locked_until} = $3::timestamptz)sql";

// The lease guards: the lease is this worker's, and of this claim. Its end identifies the claim, as each claim ends
// later than the last; the number of the attempt would not, since a released row's attempt is given back.
constexpr std::string_view kOurs =
    "{id} {id_equals} ANY ($1::text[]::{ids}) AND {locked_by}::text = ANY ({our_names}) AND {locked_until} = "
    "$2::timestamptz";

constexpr std::string_view kMarkPublished = R"sql(/* settle */
WITH written AS (
  UPDATE {table} AS o SET {set_published}{locked_until} = NULL WHERE {ours}
  RETURNING o.{id} AS id, {is_published} AS as_meant))sql";

constexpr std::string_view kSettle = R"sql(/* settle */
WITH written AS (
UPDATE {table} AS o
   SET {set_outcome}{attempts} = CASE WHEN s.verdict = 'released' THEN greatest({o_attempts} - 1, 0) ELSE o.{attempts} END,
       {available_at} = CASE{dead_at}
                             WHEN s.delay > 0 THEN now() + s.delay * interval '1 microsecond'
                             ELSE o.{available_at} END,
       {locked_until} = NULL
  FROM unnest($1::text[]::{ids}, $3::text[], $4::bigint[], $5::text[]) AS s (id, verdict, delay, error)
 WHERE o.{id} {id_equals} s.id AND o.{locked_by}::text = ANY ({our_names}) AND o.{locked_until} = $2::timestamptz{and_rows}
RETURNING o.{id} AS id, coalesce({is_as_meant}, false) AS as_meant))sql";

// Other programs may write any text into locked_by: a text that is longer than an outboxd name is none, and isn't
// fetched. A dead worker's rows are among those due first, as it claimed them in that order; the bound keeps both
// statements cheap beside a large backlog.
constexpr std::string_view kScanLeases = R"sql(/* look out */
WITH leased AS MATERIALIZED (
  SELECT * FROM (
    SELECT {id} AS id, {locked_by}::text AS locked_by, {locked_until} AS lease, {attempts} AS attempts FROM {table}
     WHERE {pending} AND {available_at} <= least(now(), $1::timestamptz)
       AND {available_at} >= $2::timestamptz - {lately} AND {id_fits}{filter}
     ORDER BY {available_at} LIMIT 5000) AS first
   WHERE lease IS NOT NULL)
SELECT worker, NULL FROM (
  SELECT locked_by AS worker FROM leased
   WHERE lease > now() AND CASE WHEN octet_length(locked_by) <= 256
                                THEN locked_by LIKE 'outboxd:%' AND locked_by <> ALL ({our_names}) END
   UNION SELECT unnest($3::text[])) AS others
 WHERE {is_gone}
UNION ALL (
SELECT NULL, id::text FROM leased WHERE {is_poison_candidate} ORDER BY attempts LIMIT 1000))sql";

// Rows that other sessions have locked keep their leases.
constexpr std::string_view kLeasedAmongTheFirst = R"sql(
 WHERE {id} {id_equals} ANY (ARRAY(
         SELECT {id} FROM {table}
          WHERE {of_whom} AND {locked_until} > now() AND {pending}
            AND {id} {id_equals} ANY (ARRAY(SELECT {id} FROM {table}
                                   WHERE {pending} AND {available_at} <= now(){filter}
                                   ORDER BY {available_at} LIMIT 5000))
            FOR UPDATE SKIP LOCKED)))sql";

// The lease is ended, not erased: its trace shows the next claim that this one had no outcome.
constexpr const char* kFreeLeases = "UPDATE {table} SET {locked_until} = now()";
constexpr const char* kOfWorkers = "{locked_by}::text = ANY ($1::text[])";

constexpr const char* kRenameLeases = "UPDATE {table} SET {locked_by} = {worker}";
constexpr const char* kOfEarlierNames = "{locked_by}::text = ANY ({our_names}) AND {locked_by}::text <> {worker}";

constexpr const char* kFreeUnknownLeases =
    "UPDATE {table} SET {locked_until} = NULL, {attempts} = greatest({attempts} - 1, 0)";
constexpr const char* kUnknownOfOurs =
    "{locked_by}::text = ANY ({our_names}) AND {locked_until} <> ALL ($1::timestamptz[])";

}  // namespace

Layout column_lease_layout(const TableShape& shape, const LayoutTerms& terms) {
  LayoutSql sql{shape, terms};
  sql.put("locked_until", quote_name(shape.locked_until));
  sql.put("locked_by", quote_name(shape.locked_by));
  sql.put("is_gone", worker_is_gone_sql("worker"));
  sql.set("due",
          "{pending} AND {available_at} <= least(now(), $2::timestamptz)"
          " AND ({locked_until} IS NULL OR {locked_until} < now()){filter}{and_named}");
  sql.set("free",
          "{pending} AND {available_at} <= now() AND ({locked_until} IS NULL OR {locked_until} < now()){filter}");
  sql.set("still_due", kStillDue);
  sql.set("due_since",
          "CASE WHEN o.{attempts} > 1 THEN o.{created_at} ELSE greatest(o.{created_at}, o.{available_at}) END");
  sql.set("is_poison_candidate",
          "lease < now() AND attempts BETWEEN least(2, {max_attempts} - 1) AND {max_attempts} - 1");
  sql.set("ours", kOurs);
  sql.set("is_free", "({locked_until} IS NULL OR {locked_until} < now())");
  // The present attempt counts from its claim on, and moves no time.
  sql.set("tried",
          "({last_error} IS NOT NULL OR {own_attempts} > CASE WHEN {locked_until} IS NULL THEN 0 ELSE 1 END)");
  sql.set("delayed_from", "now()");
  sql.set("no_poison_candidates", kNoPoisonCandidates);
  const auto on_leases = [&sql](const char* update, const char* of_whom) {
    auto leased = sql;
    leased.set("of_whom", of_whom);
    return leased.fill_write(std::string{update}.append(kLeasedAmongTheFirst));
  };
  Layout layout;
  sql.add_claims(layout, kClaim, kClaim, "{no_poison_candidates}", kAnyDue);
  sql.add_settlements(layout, kMarkPublished, kSettle);
  sql.add_searches(layout, bounded_places(std::string{kClaimWindow}, terms), kDueIds, "{no_poison_candidates}");
  layout.release_orphaned_leases = on_leases(kFreeUnknownLeases, kUnknownOfOurs);
  layout.rename_leases = on_leases(kRenameLeases, kOfEarlierNames);
  layout.mark_dead = sql.fill_write(kMarkDead);
  layout.mark_due_nameless_dead = mark_due_nameless_dead_sql(sql, terms, ", {locked_until} = NULL");
  layout.mark_nameless_dead = sql.fill_write(kMarkNamelessDead);
  layout.scan_leases = sql.fill_read(kScanLeases);
  layout.release_leases = on_leases(kFreeLeases, kOfWorkers);
  layout.poison_candidates = sql.fill_read(kPoisonCandidates);
  layout.sample = sample_sql(sql, shape);
  add_pruning(sql, shape, layout);
  add_locks(sql, terms, layout);
  return layout;
}

}  // namespace outboxd::outbox_table
