// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/sample_sql.hpp"

#include "outbox_table/dead_sql.hpp"
#include "outbox_table/layout_sql.hpp"
#include "postgres/identifier.hpp"

#include <string_view>

namespace outboxd::outbox_table {
namespace {

// Every count looks at no more rows than the cap, so that a large backlog costs no more than that; rows that workers
// hold are counted among those that are due, so a few more are looked at there. The order keeps each to the index of
// claims: in the table's own order the planner would expect few other rows, and a million of them may come first.
//
// The row that has been due longest is the first of the index, unless it was tried before: a retry moves
// available_at, and lies among the rows due first, or, as retries are a minute or so apart, among those due next. A
// row can't have been due before it existed, whatever its available_at says.
constexpr std::string_view kSample = R"sql(
SELECT (SELECT count(*) FROM (SELECT FROM {table} WHERE {alive}{filter} LIMIT $2::bigint) AS rows) AS pending,
       dead.*, least(due.free, $2::bigint) AS due, later.delayed, due.held + later.held AS leased, later.retrying,
       due.looked >= $2::bigint + 10000 AS more_due, later.looked >= $2::bigint AS more_later,
       (SELECT greatest(0, extract(epoch FROM now() - min(due_since)) * 1000)::bigint FROM (
          (SELECT CASE WHEN {tried} THEN coalesce({created_at}, {available_at})
                       ELSE greatest({created_at}, {available_at}) END AS due_since
             FROM {table} WHERE {alive} AND {available_at} <= now(){filter} ORDER BY {available_at} LIMIT 1000)
          UNION ALL
          (SELECT due_since FROM (
             SELECT {created_at} AS due_since, {tried} AS tried
               FROM {table} WHERE {alive} AND {available_at} > now(){filter} ORDER BY {available_at} LIMIT 5000) AS next
            WHERE tried)) AS candidates
         WHERE isfinite(due_since) HAVING count(*) > 0) AS oldest_pending_ms
  FROM (SELECT count(*) AS dead,
               greatest(0, extract(epoch FROM now() - min(since) FILTER (WHERE isfinite(since))) * 1000)::bigint
                 AS oldest_dead_ms
          FROM (SELECT {dead_since} AS since FROM {table} WHERE {dead_rows} LIMIT $2::bigint) AS rows) AS dead,
       (SELECT count(*) AS looked, count(*) FILTER (WHERE free) AS free, count(*) FILTER (WHERE NOT free) AS held
          FROM (SELECT {is_free} AS free FROM {table}
                 WHERE {pending} AND {available_at} <= least(now(), $1::timestamptz){filter}
                 ORDER BY {available_at} LIMIT $2::bigint + 10000) AS rows) AS due,
       (SELECT count(*) AS looked, count(*) FILTER (WHERE tried) AS retrying,
               count(*) FILTER (WHERE NOT tried AND delayed) AS delayed,
               count(*) FILTER (WHERE NOT tried AND NOT delayed) AS held
          FROM (SELECT {tried} AS tried, {available_at} > {delayed_from} AS delayed FROM {table}
                 WHERE {alive} AND {available_at} > now(){filter}
                 ORDER BY {available_at} LIMIT $2::bigint) AS rows) AS later)sql";

}  // namespace

std::string sample_sql(const LayoutSql& sql, const TableShape& shape) {
  auto of_dead = sql;
  const auto since = dead_since_column(shape);
  of_dead.put("dead_since", since.empty() ? "NULL::timestamptz" : postgres::quote_name(since));
  // Equal times need no order, so that the planner would not see the index for it.
  of_dead.set("dead_rows", shape.has_status()
                               ? "{is_dead}{filter} ORDER BY {available_at}"
                               : "{pending} AND {available_at} >= 'infinity'{filter} ORDER BY {available_at}");
  return of_dead.fill_read(kSample);
}

}  // namespace outboxd::outbox_table
