// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/trace_sql.hpp"

#include "outbox_table/layout_sql.hpp"
#include "outbox_table/worker_sql.hpp"
#include "postgres/identifier.hpp"

#include <string_view>
#include <utility>

namespace outboxd::outbox_table {
namespace {

// Other programs write texts of any length; none of ours is longer than this.
constexpr std::string_view kTraced = R"sql(
SELECT left({id}::text, 5000) AS id, left({stream}::text, 5000) AS stream, left({of_producer}::text, 500) AS producer,
       left({dedupe_key}::text, 5000) AS dedupe_key, left({status}::text, 500) AS status,
       coalesce({pending}, false) AS is_pending, coalesce({is_dead}, false) AS is_dead,
       coalesce({is_published}, false) AS is_published, {own_attempts}::bigint AS attempts,
       floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms,{times}
       left({by}::text, 256) AS leased_by, {holder_is_gone} AS holder_is_gone,
       left({last_error}::text, 2000) AS last_error
  FROM {table} AS o WHERE {is_it}
 ORDER BY {made_at}, {stream}::text COLLATE "C" LIMIT 21)sql";

constexpr std::string_view kIsId = "SELECT ($1::text::{id_type})::text AS id";

// It is printed only where its stored size, and then its real one, allow that.
constexpr std::string_view kTracedPayload = R"sql(
SELECT octet_length(printed) AS bytes, {max_stored}::bigint AS bound,
       CASE WHEN octet_length(printed) <= $4::bigint THEN printed END AS payload
  FROM (SELECT CASE WHEN pg_column_size(o.{payload}) > {max_stored} THEN NULL
                    WHEN {payload_size} > {max_stored} THEN NULL
                    ELSE coalesce(o.{payload}::text, '') END AS printed
          FROM {table} AS o WHERE {is_it} AND left({stream}::text, 5000) = $2::text
         ORDER BY {made_at} OFFSET $3::bigint LIMIT 1) AS traced)sql";

// See lock_sql.cpp.
constexpr std::string_view kIsLocked = R"sql(
SELECT true AS is_locked FROM {table} WHERE {is_it} AND xmax::text IN (
   SELECT transactionid::text FROM pg_locks
    WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid())
 LIMIT 1)sql";

constexpr std::string_view kTime = R"sql(
       CASE WHEN isfinite({at}) THEN to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE {at}::text END AS {name},
       CASE WHEN isfinite({at}) THEN floor(extract(epoch FROM {at}) * 1000)::bigint END AS {name}_ms,)sql";

std::string or_null(const std::string& column) {
  return column.empty() ? "NULL::timestamptz" : postgres::quote_name(column);
}

}  // namespace

TraceSql make_trace_sql(const TableShape& shape, const LayoutTerms& terms) {
  LayoutSql sql{shape, terms};
  std::string times;
  for (const auto& [name, column] : {std::pair<std::string, std::string>{"created", shape.created_at},
                                     {"due", shape.available_at},
                                     {"published", shape.published_at},
                                     {"leased_until", shape.locked_until}}) {
    sql.put("at", or_null(column));
    sql.put("name", name);
    times += sql.fill(kTime);
  }
  sql.put("times", times);
  sql.put("made_at", or_null(shape.created_at));
  sql.put("of_producer", shape.producer.empty() ? "NULL" : postgres::quote_name(shape.producer));
  const auto by = shape.locked_by.empty() ? std::string{"NULL"} : postgres::quote_name(shape.locked_by);
  sql.put("by", by);
  // Workers of other programs show no lock.
  sql.put("holder_is_gone", shape.locked_by.empty()
                                ? "NULL::boolean"
                                : "CASE WHEN octet_length(" + by + "::text) <= 256 AND " + by +
                                      "::text LIKE 'outboxd:%' THEN " + worker_is_gone_sql(by + "::text") + " END");
  sql.set("is_it", "{id} {id_equals} $1::text::{id_type}");
  TraceSql trace{.is_id = sql.fill_read(kIsId),
                 .by_id = sql.fill_read(kTraced),
                 .by_dedupe_key = {},
                 .payload = sql.fill_read(kTracedPayload),
                 .is_locked = sql.fill_read(kIsLocked)};
  if (shape.dedupe_key.empty()) return trace;
  sql.set("is_it", "{dedupe_key}::text = $1::text");
  trace.by_dedupe_key = sql.fill_read(kTraced);
  return trace;
}

}  // namespace outboxd::outbox_table
