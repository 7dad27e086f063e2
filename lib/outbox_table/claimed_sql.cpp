// SPDX-License-Identifier: Apache-2.0
// The result of a claim. Other programs decide how large the rows are that they insert, and how long they take to
// render, so all of it is bounded here, before it is sent. Small rows, which nearly all are, come with the claim:
// their payloads and names take at most an equal share of batch_bytes each, and rendering stops after a second. The
// payloads of other rows are fetched afterwards.
#include "outbox_table/claimed_sql.hpp"

#include "entry/encoder.hpp"
#include "postgres/identifier.hpp"

#include <algorithm>
#include <array>

namespace outboxd::outbox_table {
namespace {

// Of names with more characters than this only the beginning is returned.
constexpr std::string_view kCut = "substring(%, 1, 64)";

// Before a payload is read, only its stored size is known, which compression may have reduced to a 255th. Reading
// takes a millisecond per megabyte or so: one second of that is enough for one claim.
constexpr std::string_view kPayloadBytes = R"sql(
            CASE WHEN coalesce(pg_column_size(o.{payload}), 0) < 100000 OR {in_time}
                 THEN coalesce({payload_size}, 4) END)sql";

constexpr std::string_view kRowReturned = R"sql(
            {id_returned} AS id, {id_bytes} AS id_bytes, o.ctid AS place, o.{stream}::text AS stream,
            {dedupe_key}::text AS dedupe_key, {names} AS names, o.{payload} AS payload,{payload_bytes} AS bytes)sql";

// A clock that starts when the statement first reads it.
constexpr std::string_view kInTime = "clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'";

// The least size of a jsonb's text, which may be shorter than the stored jsonb (a digit takes twelve bytes there). A
// string is no shorter as text; any other value's text has at least a quarter of its bytes.
constexpr std::string_view kJsonbTextAtLeast = R"sql(CASE WHEN jsonb_typeof(payload) = 'object' THEN
                (SELECT coalesce(sum(octet_length(key) + CASE WHEN jsonb_typeof(value) = 'string'
                                                              THEN octet_length(value #>> ARRAY[]::text[])
                                                              ELSE pg_column_size(value) / 4 END), 0)
                   FROM jsonb_each(payload)) ELSE bytes END)sql";

// The size that a row may have in a claim of $1 rows.
constexpr std::string_view kShare = "{batch_bytes}::bigint / greatest($1::bigint, 1)";

// The first line of the result applies to all rows; the rows follow in publishing order. Only rows that may be handed
// out are rendered. Where rows were locked and not changed, as a trigger skipped them, all locked rows come last:
// finding the skipped ones here would cost each claim a join.
constexpr std::string_view kClaimed = R"sql(
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, {lease_end} AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR {any_due} AS any_due, NULL::bigint AS payload_bytes,
       NULL::text AS dedupe_key, NULL::boolean AS to_read, NULL::bigint AS id_bytes, NULL::bigint AS stream_bytes,
       NULL::bigint AS dedupe_key_bytes, NULL::text AS place, NULL::bigint AS waited_ms
 WHERE {takes_own_path}
UNION ALL (
SELECT {id_shown}, {stream_shown}, CASE WHEN octet_length(payload) <= {share} THEN payload END, attempt,
       CASE WHEN lease = {lease_end} THEN NULL WHEN lease > now() THEN lease ELSE '-infinity' END, NULL, NULL,
       coalesce(octet_length(payload), bytes), {dedupe_shown},
       wanted AND coalesce(octet_length(payload) > {share} AND octet_length(payload) <= {max_payload}, true), id_bytes,
       CASE WHEN NOT {stream_fits} THEN octet_length(stream) END,
       CASE WHEN NOT {dedupe_fits} THEN octet_length(dedupe_key) END,
       CASE WHEN id_bytes IS NOT NULL THEN place::text END,
       CASE WHEN due_since <= now() AND isfinite(due_since)
            THEN (date_part('epoch', now() - due_since) * 1000)::bigint END
  FROM (SELECT due_since, id, id_bytes, place, attempt, lease, stream, dedupe_key, bytes, wanted,
               CASE WHEN wanted AND bytes + names <= {share} AND {in_time} THEN coalesce(payload::text, 'null') END
                 AS payload
          FROM (SELECT *, {wanted} AS wanted FROM claimed ORDER BY order_time, id OFFSET 0) AS in_order
        OFFSET 0) AS rendered)
UNION ALL
SELECT id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL FROM locked
 WHERE (SELECT count(*) FROM locked) > (SELECT count(*) FROM claimed) AND {locked_id_fits})sql";

// Payloads are rendered in order, as long as their stored size fits into the batch and a second has not passed. The
// text may be far longer than that (a number such as 1e131071, control characters), so its size is added up as well.
// The first payload always fits.
constexpr std::string_view kReadPayloads = R"sql(
SELECT id::text, CASE WHEN text_bytes <= {max_payload} AND (n = 1 OR before_text + text_bytes <= {batch_bytes}::bigint)
                      THEN text END AS payload,
       CASE WHEN NOT fits THEN bytes WHEN text_bytes > {max_payload} THEN text_bytes END AS oversize_bytes{also}
  FROM (SELECT *, octet_length(text) AS text_bytes,
               coalesce(sum(CASE WHEN octet_length(text) <= {max_payload} THEN octet_length(text) END) OVER earlier, 0)
                 AS before_text
          FROM (SELECT id, n, bytes, fits,{also_kept}
                       CASE WHEN fits AND (n = 1 OR before_stored + bytes <= {batch_bytes}::bigint) AND {in_time}
                            THEN coalesce(payload::text, 'null') END AS text
                  FROM (SELECT *, CASE WHEN bytes <= {max_payload} THEN true
                                       WHEN bytes > {max_stored} THEN false
                                       WHEN bytes IS NOT NULL AND {in_time} THEN {text_at_least} <= {max_payload}
                                  END AS fits,
                               coalesce(sum(CASE WHEN bytes <= {max_stored} THEN bytes END) OVER earlier, 0)
                                 AS before_stored
                          FROM (SELECT o.{id} AS id, {number} AS n,
                                       o.{payload} AS payload,{also_read}
                                       CASE WHEN {is_first} THEN coalesce({payload_size}, 4)
                                            ELSE{payload_bytes} END AS bytes
                                  FROM {table} AS o{asked} WHERE {ours} ORDER BY 2 OFFSET 0) AS wanted
                        WINDOW earlier AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                        OFFSET 0) AS judged
                OFFSET 0) AS texts
        WINDOW earlier AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        OFFSET 0) AS summed
 ORDER BY n)sql";

constexpr std::string_view kReadPayload = R"sql(
SELECT CASE WHEN octet_length(payload) <= {max_payload} THEN payload END
  FROM (SELECT CASE WHEN {payload_size} <= {max_stored} THEN o.{payload}::text END AS payload
          FROM {table} AS o WHERE o.{id} {id_equals} $1::text::{id_type} OFFSET 0) AS rendered)sql";

// The rows that are due first: they stay there, as claims leave them out.
constexpr std::string_view kMarkDueNamelessDead = R"sql(
WITH written AS (
  UPDATE {table} SET {set_dead}{attempts} = least({own_attempts}, {attempts_cap}) + 1{ends_lease}
   WHERE $2::text IS NOT NULL AND NOT ({id_fits}) AND {free}
     AND ctid = ANY (ARRAY(
           SELECT ctid FROM {table}
            WHERE NOT ({id_fits}) AND {free}
              AND ctid = ANY (ARRAY(
                    SELECT place FROM (SELECT ctid AS place, {id_fits} AS fits FROM {table}
                                        WHERE {free} ORDER BY {available_at} LIMIT 5000) AS first
                     WHERE NOT fits LIMIT $1::bigint))
              FOR UPDATE SKIP LOCKED))
  RETURNING {id_beginning} AS id, octet_length({id}::text) AS bytes)
SELECT id, bytes FROM written WHERE {takes_own_path})sql";

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& types, const std::string& type) {
  return std::ranges::find(types, type) != types.end();
}

bool is_text(const std::string& type) {
  return is_one_of(std::array<std::string_view, 3>{"text", "character varying", "character"}, type);
}

/// Short, for any value.
bool is_short(const std::string& type) {
  return is_one_of(std::array<std::string_view, 5>{"uuid", "bigint", "integer", "smallint", "oid"}, type);
}

std::string cut(const std::string& name) {
  std::string text{kCut};
  return text.replace(text.find('%'), 1, name);
}

void set_names(LayoutSql& sql, const LayoutTerms& terms) {
  const bool short_ids = is_short(terms.id_type);
  sql.put("max_name", std::to_string(entry::kMaxNameBytes));
  sql.set("id_fits", short_ids ? "true" : "octet_length({id}::text) <= {max_name}");
  sql.set("locked_id_fits", short_ids ? "true" : "octet_length(locked.id::text) <= {max_name}");
  sql.set("id_bytes", short_ids
                          ? "NULL::integer"
                          : "CASE WHEN octet_length(o.{id}::text) > {max_name} THEN octet_length(o.{id}::text) END");
  // Where no index bounds an id, comparing two very long ids would take as long as anything else.
  const bool cut_ids = !terms.ctid_names_rows && is_text(terms.id_type);
  sql.set("and_named", cut_ids ? " AND {id_fits}" : "");
  sql.set("id_order", cut_ids ? cut("{id}::text") : "{id}");
  sql.set("id_returned", cut_ids ? "CASE WHEN octet_length(o.{id}::text) <= {max_name} THEN o.{id} ELSE " +
                                       cut("o.{id}::text") + "::{id_type} END"
                                 : "o.{id}");
  sql.put("id_shown",
          short_ids ? "id::text" : "CASE WHEN id_bytes IS NULL THEN id::text ELSE " + cut("id::text") + " END");
  sql.set("stream_fits", "coalesce(octet_length(stream), 0) <= {max_name}");
  sql.set("dedupe_fits", "coalesce(octet_length(dedupe_key), 0) <= {max_name}");
  sql.set("stream_shown", "CASE WHEN {stream_fits} AND id_bytes IS NULL THEN stream ELSE " + cut("stream") + " END");
  sql.set("dedupe_shown",
          "CASE WHEN {dedupe_fits} AND id_bytes IS NULL THEN dedupe_key ELSE " + cut("dedupe_key") + " END");
  sql.set(
      "names",
      std::string{
          "(least(octet_length(o.{stream}::text), {max_name}) + least(coalesce(octet_length({dedupe_key}::text), 0), "
          "{max_name}) + "} +
          (short_ids ? "36" : "least(octet_length(o.{id}::text), {max_name})") + ")");
}

}  // namespace

void set_claimed(LayoutSql& sql, const LayoutTerms& terms) {
  set_names(sql, terms);
  const auto max = terms.max_payload_bytes;
  const bool jsonb = terms.payload_type == "jsonb";
  sql.put("in_time", std::string{kInTime});
  sql.set("payload_size",
          jsonb ? "pg_column_size(o.{payload} #> ARRAY[]::text[])" : "octet_length(o.{payload}::text)");
  sql.set("payload_bytes", kPayloadBytes);
  sql.put("max_stored", std::to_string(jsonb ? 2 * max + 65'536 : max));
  sql.put("text_at_least", jsonb ? std::string{kJsonbTextAtLeast} : "bytes");
  sql.set("wanted",
          "({dedupe_fits} AND {stream_fits} AND id_bytes IS NULL AND coalesce(attempt, 0) <= {max_attempts}"
          " AND coalesce(bytes <= {max_stored}, true))");
  sql.set("row_returned", kRowReturned);
  sql.set("share", kShare);
  sql.set("read_payload", kReadPayload);
  sql.set("number", "array_position($1::text[], o.{id}::text)");
  sql.set("is_first", "o.{id}::text = ($1::text[])[1]");
  for (const auto* none : {"asked", "also_read", "also_kept", "also"}) sql.put(none, "");
}

std::string claimed_sql(const LayoutSql& sql) {
  return sql.fill(kClaimed);
}

std::string read_payloads_sql(const LayoutSql& sql) {
  return sql.fill_read(kReadPayloads);
}

std::string mark_due_nameless_dead_sql(const LayoutSql& sql, const LayoutTerms& terms, std::string_view ends_lease) {
  if (terms.ctid_names_rows || !is_text(terms.id_type)) return {};
  auto filled = sql;
  filled.set("ends_lease", ends_lease);
  filled.set("id_beginning", cut("{id}::text"));
  return filled.fill(kMarkDueNamelessDead);
}

std::string bounded_places(std::string statement, const LayoutTerms& terms) {
  if (terms.ctid_names_rows || is_short(terms.id_type)) return statement;
  return "WITH ahead (place, first) AS MATERIALIZED (" + statement +
         ")\nSELECT place, first FROM ahead WHERE (SELECT coalesce(sum(octet_length(place)), 0) <= 33554432::bigint "
         "FROM "
         "ahead)";
}

}  // namespace outboxd::outbox_table
