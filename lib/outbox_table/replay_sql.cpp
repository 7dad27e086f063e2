// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/replay_sql.hpp"

#include "outbox_table/claimed_sql.hpp"
#include "outbox_table/layout_sql.hpp"
#include "postgres/identifier.hpp"

#include <string_view>

namespace outboxd::outbox_table {
namespace {

// In such a form that an index by stream or by time of publishing serves it where there is one. The usual tables have
// none, as it would cost each settlement: there each of these statements reads the whole table.
constexpr std::string_view kChosenRows = R"sql(
   AND {stream}::text = $1::text
   AND ($2::timestamptz IS NULL OR {published} >= $2::timestamptz)
   AND ($3::timestamptz IS NULL OR {published} < $3::timestamptz)
   AND ($4::text[] IS NULL OR {id} {id_equals} ANY ($4::text[]::{ids}))
   AND ($5::timestamptz IS NULL OR $5::timestamptz = '-infinity' OR {published} >= $5::timestamptz)
   AND ($5::timestamptz IS NULL OR {when} > $5::timestamptz OR ({when} = $5::timestamptz AND
        ({due} > $6::timestamptz OR ({due} = $6::timestamptz AND
         ({id} {id_greater} $7::text::{id_type} OR ({id} {id_equals} $7::text::{id_type} AND
          (tableoid > $8::oid OR (tableoid = $8::oid AND ctid > $9::tid)))))))))sql";

constexpr std::string_view kChosen = R"sql(
SELECT count(*) AS rows, count(*) FILTER (WHERE NOT ({id_fits})) AS nameless,
       CASE WHEN isfinite(min({published})) THEN to_char(timezone('UTC', min({published})), {iso}) END AS oldest,
       CASE WHEN isfinite(max({published})) THEN to_char(timezone('UTC', max({published})), {iso}) END AS newest
  FROM {table} WHERE {was_published}{filter}{chosen_rows})sql";

// One settlement gives all its rows one time of publishing; among themselves they are in the order of the claim. In a
// partitioned table several rows may have one id, and each partition may have a row in the same place.
constexpr std::string_view kNextRows = R"sql(
SELECT {id}::text AS id, {when}::text AS published, {due}::text AS due, tableoid::text AS part, ctid::text AS place
  FROM {table} WHERE {was_published}{filter}{chosen_rows} AND {id_fits}
 ORDER BY {when}, {due}, {id}, tableoid, ctid LIMIT $10::bigint)sql";

constexpr std::string_view kAskedStreams = R"sql(
SELECT asked.wanted AS stream, EXISTS (SELECT FROM {table} WHERE {stream}::text = asked.wanted{filter}) AS known,
       (SELECT to_char(timezone('UTC', min({published})), {iso}) FROM {table}
         WHERE {was_published} AND {stream}::text = asked.wanted AND isfinite({published}){filter}) AS oldest,
       (SELECT count(*) FROM {table}
         WHERE {was_published} AND {stream}::text = asked.wanted AND {published} IS NULL{filter}) AS untimed
  FROM unnest($1::text[]) AS asked (wanted))sql";

constexpr std::string_view kStates = R"sql(
SELECT asked.outboxd_id AS id, left(o.{stream}::text, 5000) AS stream,
       CASE WHEN NOT (true{filter}) THEN 'foreign' WHEN {was_published} THEN 'published' WHEN {is_dead} THEN 'dead'
            WHEN {is_published} THEN 'discarded' ELSE 'pending' END AS state
  FROM unnest($1::text[]) AS asked (outboxd_id)
  JOIN {table} AS o ON o.{id} {id_equals} asked.outboxd_id::{id_type})sql";

constexpr std::string_view kPlace = R"sql(
SELECT left({stream}::text, 5000) AS stream, {when}::text AS published, {due}::text AS due,
       tableoid::text AS part, ctid::text AS place
  FROM {table} WHERE {id} {id_equals} $1::text::{id_type} AND {was_published}{filter}
 ORDER BY {when}, {due}, tableoid, ctid)sql";

// The names are such that no column of the table has them.
constexpr std::string_view kAskedRows = R"sql(
                                  JOIN unnest($1::text[], $3::oid[], $4::tid[]) WITH ORDINALITY
                                    AS asked (outboxd_id, outboxd_part, outboxd_place, outboxd_n)
                                    ON o.{id} {id_equals} outboxd_id::{id_type})sql";

constexpr std::string_view kTheseRows =
    "{id} {id_equals} ANY ($1::text[]::{ids}) AND {stream}::text = $2::text AND {was_published}{filter}";

// A row that was rewritten since it was listed is in another place. Where its id is that of no other row, it is known
// by that alone.
constexpr std::string_view kThisRow = R"sql( AND
                                       CASE WHEN o.tableoid = outboxd_part AND o.ctid = outboxd_place THEN true
                                            ELSE (SELECT count(*) FROM {table} WHERE {id} {id_equals}
                                                         outboxd_id::{id_type}) = 1 END)sql";

constexpr std::string_view kDedupeKey = R"sql(
                                       CASE WHEN octet_length({dedupe_key}::text) <= {max_name}
                                            THEN {dedupe_key}::text
                                            ELSE left({dedupe_key}::text, 64) END AS dedupe_key,
                                       octet_length({dedupe_key}::text) AS dedupe_key_bytes,)sql";

/// A discarded row is marked as published in 1970, and as never due (dead_sql.cpp).
std::string was_published(const TableShape& shape) {
  if (shape.published_at.empty()) {
    return "{status} {status_equals} {as_published} AND {available_at} IS DISTINCT FROM 'infinity'";
  }
  return std::string{shape.has_status() ? "{status} {status_equals} {as_published}" : "{published_at} IS NOT NULL"} +
         " AND {published_at} IS DISTINCT FROM 'epoch' AND {available_at} IS DISTINCT FROM 'infinity'";
}

}  // namespace

std::string published_time_column(const TableShape& shape) {
  for (const auto& column : {shape.published_at, shape.updated_at, shape.created_at}) {
    if (!column.empty()) return column;
  }
  return shape.available_at;
}

ReplaySql make_replay_sql(const TableShape& shape, const LayoutTerms& terms) {
  LayoutSql sql{shape, terms};
  sql.put("iso", R"('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')");
  sql.put("published", postgres::quote_name(published_time_column(shape)));
  // Other applications' columns may hold NULL.
  sql.set("when", "coalesce({published}, '-infinity')");
  sql.set("due", std::string{"coalesce("} + (shape.has_lease_columns() ? "{available_at}" : "{created_at}") +
                     ", '-infinity')");
  sql.set("was_published", was_published(shape));
  sql.set("chosen_rows", kChosenRows);
  sql.set("ours", std::string{kTheseRows} + std::string{kThisRow});
  sql.set("asked", kAskedRows);
  sql.put("number", "outboxd_n");
  sql.put("is_first", "outboxd_n = 1");
  sql.set("also_read", kDedupeKey);
  sql.put("also_kept", " dedupe_key, dedupe_key_bytes,");
  sql.put("also", ",\n       n, dedupe_key, dedupe_key_bytes");
  ReplaySql replay;
  replay.chosen = sql.fill_read(kChosen);
  replay.window = sql.fill_read(kNextRows);
  replay.streams = sql.fill_read(kAskedStreams);
  replay.ids = sql.fill_read(kStates);
  replay.place = sql.fill_read(kPlace);
  replay.payloads = read_payloads_sql(sql);
  return replay;
}

}  // namespace outboxd::outbox_table
