// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/prune_sql.hpp"

#include "postgres/identifier.hpp"

#include <string>
#include <string_view>

namespace outboxd::outbox_table {
namespace {

constexpr std::string_view kIsOld = "{was_published} AND {published_at} < now() - {age}{filter}";

// A row that was just inserted is not due for long, whatever its available_at.
constexpr std::string_view kIsLate = "{alive} AND {available_at} < now() - {due_for}";
constexpr std::string_view kIsOurs = "coalesce({created_at} < now() - {due_for}, true){filter}";
constexpr std::string_view kSeenId = "CASE WHEN {id_fits} THEN {id}::text ELSE left({id}::text, 200) END AS id";

// Locking a row takes UPDATE. So that many due rows of other dispatchers cost no more than this, only the first and
// the last of all due rows are looked at: of a backlog that moves, the first ones are gone at the next look, and the
// last ones are still there. By then others are the last, so those of earlier looks are looked for by their ids.
constexpr std::string_view kPruneState = R"sql(
SELECT may_delete, due.id FROM (SELECT has_table_privilege({table_name}, 'DELETE')
                                   AND has_any_column_privilege({table_name}, 'UPDATE') AS may_delete) AS rights
  LEFT JOIN (SELECT {seen_id} FROM {table}
              WHERE {id} {id_equals} ANY ($2::text[]::{ids}) AND {is_late} AND {is_ours}
             UNION
            (SELECT {seen_id}
               FROM (SELECT {id}, {times}, {filter_columns} FROM {table}
                      WHERE {is_late} ORDER BY {available_at} LIMIT 5000) AS first
              WHERE {is_ours} LIMIT 1000)
             UNION
            (SELECT {seen_id}
               FROM (SELECT {id}, {times}, {filter_columns} FROM {table}
                      WHERE {is_late} ORDER BY {available_at} DESC LIMIT 5000) AS last
              WHERE {is_ours} LIMIT 1000)) AS due ON true)sql";

// Without an index of its own: one for the time of publishing would cost each settlement.
constexpr std::string_view kPrunableRows = R"sql(
SELECT {id}::text AS id, coalesce({is_old}, false) AS is_old, coalesce({created_at} >= now() - {age}, false) AS is_young,
       CASE WHEN isfinite({created_at}) THEN (extract(epoch FROM {created_at}) * 1000)::bigint END AS created_ms
  FROM {table} WHERE {id_fits}{after}
 ORDER BY {id} LIMIT $1::bigint)sql";

// A row may have been requeued since it was found. The outer condition repeats that it is old, in a form that no
// index serves: if a partitioned table has taken this one's place, other rows are in the same places; and in one an
// id may belong to several rows.
constexpr std::string_view kPrune = R"sql(
DELETE FROM {table} AS o
 WHERE o.{key} {key_equals} ANY (ARRAY(
   SELECT {key} FROM {table} WHERE {id} {id_equals} ANY ($1::text[]::{ids}) AND {is_old} FOR UPDATE SKIP LOCKED))
   AND CASE WHEN {is_old} THEN true ELSE false END)sql";

}  // namespace

void add_pruning(const LayoutSql& sql, const TableShape& shape, Layout& layout) {
  if (shape.published_at.empty()) return;
  auto with = sql;
  with.put("age", "$2::bigint * interval '1 millisecond'");
  with.set("was_published",
           shape.has_status() ? "{status} {status_equals} {as_published}" : "{published_at} IS NOT NULL");
  with.set("is_old", kIsOld);
  auto columns = postgres::quote_name(shape.stream);
  if (!shape.producer.empty()) columns += ", " + postgres::quote_name(shape.producer);
  with.put("filter_columns", columns);
  with.put("times", postgres::quote_name(shape.created_at.empty() ? shape.available_at : shape.created_at));
  with.put("due_for", "$1::bigint * interval '1 millisecond'");
  with.set("is_late", kIsLate);
  with.set("is_ours", kIsOurs);
  with.set("seen_id", kSeenId);
  layout.prune_state = with.fill_read(kPruneState);
  with.put("after", "");
  layout.prunable = with.fill_read(kPrunableRows);
  with.set("after", " AND {id} {id_greater} $3::text::{id_type}");
  layout.prunable_after = with.fill_read(kPrunableRows);
  layout.prune = with.fill_write(kPrune);
}

}  // namespace outboxd::outbox_table
