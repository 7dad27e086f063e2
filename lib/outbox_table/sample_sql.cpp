// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/sample_sql.hpp"

#include "outbox_table/layout_sql.hpp"

#include <string_view>

namespace outboxd::outbox_table {
namespace {

// Every count looks at no more rows than the cap, so that a large backlog costs no more than that.
//
// The row that has been due longest is the first of the index, unless it was tried before: a retry moves
// available_at, and lies among the rows due first, or, as retries are a minute or so apart, among those due next. A
// row can't have been due before it existed, whatever its available_at says.
constexpr std::string_view kSample = R"sql(
SELECT (SELECT count(*) FROM (SELECT FROM {table} WHERE {alive}{filter} LIMIT $2::bigint) AS rows) AS pending,
       (SELECT count(*) FROM (SELECT FROM {table} WHERE {is_dead}{filter} LIMIT $2::bigint) AS rows) AS dead,
       (SELECT count(*) FROM (SELECT FROM {table}
          WHERE {pending} AND {available_at} <= least(now(), $1::timestamptz){is_free}{filter} LIMIT $2::bigint) AS rows) AS due,
       (SELECT count(*) FROM (SELECT {tried} AS tried FROM {table}
          WHERE {alive} AND {available_at} > {delayed_from}{filter} LIMIT $2::bigint) AS rows WHERE NOT tried) AS delayed,
       (SELECT greatest(0, extract(epoch FROM now() - min(due_since)) * 1000)::bigint FROM (
          (SELECT CASE WHEN {tried} THEN coalesce({created_at}, {available_at})
                       ELSE greatest({created_at}, {available_at}) END AS due_since
             FROM {table} WHERE {alive} AND {available_at} <= now(){filter} ORDER BY {available_at} LIMIT 1000)
          UNION ALL
          (SELECT due_since FROM (
             SELECT {created_at} AS due_since, {tried} AS tried
               FROM {table} WHERE {alive} AND {available_at} > now(){filter} ORDER BY {available_at} LIMIT 5000) AS next
            WHERE tried)) AS candidates
         WHERE isfinite(due_since) HAVING count(*) > 0) AS oldest_pending_ms)sql";

}  // namespace

std::string sample_sql(const LayoutSql& sql) {
  return sql.fill_read(kSample);
}

}  // namespace outboxd::outbox_table
