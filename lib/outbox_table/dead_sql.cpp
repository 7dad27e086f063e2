// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/dead_sql.hpp"

#include "outbox_table/layout_sql.hpp"
#include "postgres/identifier.hpp"

#include <string_view>

namespace outboxd::outbox_table {

using postgres::exec;
using postgres::quote_name;
using postgres::quote_text;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr const char* kRights = R"sql(
SELECT has_table_privilege(to_regclass($1), 'DELETE') AS may_delete,
       has_any_column_privilege(to_regclass($1), 'UPDATE') AS may_update)sql";

constexpr const char* kColumns = R"sql(
SELECT attname, has_column_privilege(attrelid, attnum, 'SELECT') AS may_read FROM pg_attribute
 WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum)sql";

// Errors of one kind differ in numbers, hexadecimal digits and ids, so each word with a digit becomes "#". Only the
// beginning counts, as other programs may write an error of any length. The collation makes it independent of the
// column's own, which may be one that has no regular expressions.
constexpr std::string_view kKind =
    R"(regexp_replace(left({of}::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g'))";

constexpr std::string_view kAsked = R"sql(
   AND ($1::text[] IS NULL OR {stream}::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position({asked_kind} IN {kind}) > 0)
   AND ($3::timestamptz IS NULL OR {since} < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR {since} >= $4::timestamptz)
   AND ($5::text[] IS NULL OR {id} {id_equals} ANY ($5::text[]::{ids})))sql";

constexpr std::string_view kList = R"sql(
SELECT stream, kind, count, CASE WHEN isfinite(oldest) THEN to_char(oldest, {iso}) ELSE oldest::text END AS oldest,
       CASE WHEN isfinite(newest) THEN to_char(newest, {iso}) ELSE newest::text END AS newest, example,
       sum(count) OVER ()::bigint AS rows, count(*) OVER () AS groups
  FROM (SELECT left({stream}::text, 500) COLLATE "C" AS stream, {kind} AS kind, count(*) AS count,
               min({since}) AS oldest, max({since}) AS newest,
               min({id}::text COLLATE "C") FILTER (WHERE {id_fits}) AS example
          FROM {table} WHERE {is_dead}{filter}{asked} GROUP BY 1, 2) AS kinds
 ORDER BY count DESC, stream, kind LIMIT $6::bigint)sql";

constexpr std::string_view kCount = R"sql(
SELECT count(*) AS total, count(*) FILTER (WHERE NOT ({id_fits})) AS nameless
  FROM {table} WHERE {is_dead}{filter}{asked})sql";

// The ids' bytes are an order that every type of ids has, and that no new row changes. The size is that of the text
// that is exported, as compression may have reduced a row to a 255th; measuring is given up after a second.
constexpr std::string_view kWindow = R"sql(
SELECT listed.id, (SELECT CASE WHEN {in_time} THEN octet_length({row_json}) END
                     FROM {table} AS o WHERE o.ctid = listed.place AND o.tableoid = listed.part) AS bytes
  FROM (SELECT {id}::text COLLATE "C" AS id, ctid AS place, tableoid AS part FROM {table}
         WHERE {is_dead}{filter}{asked} AND {id_fits} AND ($6::text IS NULL OR {id}::text COLLATE "C" > $6::text)
         ORDER BY 1 LIMIT $7::bigint) AS listed
 ORDER BY 1)sql";

// A place may be that of several rows: ids need not be unique in a partitioned table, nor does a ctid name only one
// row of it, and a table may be replaced by a partitioned one at any time. So the statements that change rows repeat
// the whole condition of the rows that are locked here.
constexpr std::string_view kLocked = R"sql(
WITH locked AS MATERIALIZED (
  SELECT {locked_columns} FROM {table} AS o
   WHERE {these_dead} FOR UPDATE SKIP LOCKED))sql";

constexpr std::string_view kTheseDead = "{id} {id_equals} ANY ($6::text[]::{ids}) AND {is_dead}{filter}{asked}";

constexpr std::string_view kRequeue = R"sql(/* requeue */{locked},
written AS (
  UPDATE {table} AS o SET {set_pending}{attempts} = 0, {available_at} = now(){ends_lease}
   WHERE o.{key} {key_equals} ANY (ARRAY(SELECT place FROM locked)) AND {these_dead}
  RETURNING o.{id}::text AS id, coalesce({alive}, false) AS as_meant)
SELECT id FROM written WHERE as_meant AND {takes_own_path})sql";

constexpr std::string_view kRemove = R"sql(/* discard */{locked},
gone AS (
  DELETE FROM {table} AS o WHERE o.{key} {key_equals} ANY (ARRAY(SELECT place FROM locked)) AND {these_dead}
  RETURNING o.{id}::text AS id, {row_json} AS exported)
SELECT id, exported FROM gone WHERE {takes_own_path})sql";

constexpr std::string_view kRemoveWaiting = R"sql(/* discard */
WITH gone AS (
  DELETE FROM {table} AS o WHERE {these_dead}
  RETURNING o.{id}::text AS id, {row_json} AS exported)
SELECT id, exported FROM gone WHERE {takes_own_path})sql";

// The row as it was is that of the same place in the same partition: an id may be that of several rows. The names are
// such that no column of the table has them.
constexpr std::string_view kMarkDiscarded = R"sql(/* discard */{locked},
written AS (
  UPDATE {table} AS o SET {set_discarded}{available_at} = 'infinity'{ends_lease}
    FROM (SELECT at AS outboxd_at, part AS outboxd_part, exported AS outboxd_exported FROM locked) AS before
   WHERE o.{key} {key_equals} ANY (ARRAY(SELECT place FROM locked)) AND {these_dead} AND $7::text IS NOT NULL
     AND o.ctid = outboxd_at AND o.tableoid = outboxd_part
  RETURNING o.{id}::text AS id, outboxd_exported AS exported, coalesce({is_published}, false) AS as_meant)
SELECT id, exported FROM written WHERE as_meant AND {takes_own_path})sql";

constexpr std::string_view kState =
    "CASE WHEN {is_dead} THEN 'dead'{if_discarded} WHEN {is_published} THEN 'published'{if_leased} "
    "WHEN {own_attempts} > 0 AND {available_at} > now() THEN 'retrying' ELSE 'waiting' END";

constexpr std::string_view kOutcomes = R"sql(
SELECT {id}::text AS id, {state} AS state FROM {table} AS o WHERE {id} {id_equals} ANY ($1::text[]::{ids}))sql";

constexpr std::string_view kShow = R"sql(
SELECT state, key AS name, value::text AS json,
       CASE WHEN key = {payload_name} THEN value::text ELSE value #>> '{}' END AS text
  FROM (SELECT {state} AS state, {row_json}::json AS whole FROM {table} AS o
         WHERE {id} {id_equals} $1::text::{id_type}{filter}) AS found,
       LATERAL json_each(whole) AS of_it (key, value)
 WHERE $2::boolean OR key <> {payload_name})sql";

std::string kind_of(std::string_view text) {
  std::string sql{kKind};
  const std::string_view place = "{of}";
  return sql.replace(sql.find(place), place.size(), text);
}

/// The row as a JSON text, of the columns that this role may read.
std::string row_json(const DeadRights& rights) {
  std::string columns;
  for (const auto& name : rights.readable) columns.append(columns.empty() ? "o." : ", o.").append(quote_name(name));
  return "(SELECT row_to_json(r)::text FROM (SELECT " + columns + ") AS r)";
}

/// A discarded row is neither dead nor pending, so every dispatcher leaves it alone. No layout has a state for it; it
/// can be told from a published row by its time and its error. As it is so old, the next pass of a retention removes
/// it.
std::string set_discarded(const TableShape& shape) {
  return std::string{shape.has_status() ? "{status} = {as_published}, " : ""} +
         (shape.published_at.empty() ? "" : "{published_at} = 'epoch', ") +
         (shape.last_error.empty() ? "" : "{last_error} = $7::text::{last_error_type}, ") + "{touch}";
}

std::string set_pending(const TableShape& shape) {
  if (!shape.has_status()) return "{touch}";
  return std::string{"{status} = {as_pending}, "} + (shape.published_at.empty() ? "" : "{published_at} = NULL, ") +
         "{touch}";
}

}  // namespace

DeadRights dead_rights(Statements& statements, const std::string& table) {
  DeadRights rights;
  const auto row = exec(statements, kRights, table)[0];
  rights.may_delete = text_of(row["may_delete"]) == "t";
  rights.may_update = text_of(row["may_update"]) == "t";
  for (const auto& column : exec(statements, kColumns, table)) {
    auto& names = text_of(column["may_read"]) == "t" ? rights.readable : rights.unreadable;
    names.push_back(text_of(column["attname"]));
  }
  return rights;
}

std::string dead_since_column(const TableShape& shape) {
  if (!shape.updated_at.empty()) return shape.updated_at;
  if (!shape.created_at.empty()) return shape.created_at;
  // Where it doesn't mark the death, it is the time at which the row was due last.
  return shape.has_status() ? shape.available_at : "";
}

DeadSql make_dead_sql(const TableShape& shape, const LayoutTerms& terms, const DeadRights& rights) {
  LayoutSql sql{shape, terms};
  const auto since = dead_since_column(shape);
  sql.put("since", since.empty() ? "NULL::timestamptz" : quote_name(since));
  sql.set("kind", shape.last_error.empty() ? "NULL::text" : kind_of("{last_error}"));
  sql.set("asked_kind", kind_of("$2::text"));
  sql.put("iso", R"('YYYY-MM-DD"T"HH24:MI:SS"Z"')");
  sql.put("payload_name", quote_text(shape.payload));
  sql.put("row_json", row_json(rights));
  sql.put("ends_lease", shape.has_lease_columns() ? ", " + quote_name(shape.locked_until) + " = NULL" : "");
  sql.set("set_pending", set_pending(shape));
  sql.set("set_discarded", set_discarded(shape));
  sql.set("asked", kAsked);
  sql.set("these_dead", kTheseDead);
  sql.set("if_discarded",
          shape.published_at.empty() ? "" : " WHEN {is_published} AND {published_at} = 'epoch' THEN 'discarded'");
  sql.set("if_leased",
          shape.has_lease_columns() ? " WHEN " + quote_name(shape.locked_until) + " > now() THEN 'leased'" : "");
  sql.set("state", kState);
  sql.set("locked_columns", "{key} AS place");
  sql.set("locked", kLocked);
  DeadSql dead;
  dead.list = sql.fill_read(kList);
  dead.count = sql.fill_read(kCount);
  dead.window = sql.fill_read(kWindow);
  dead.requeue = sql.fill(kRequeue);
  dead.remove = sql.fill(kRemove);
  dead.remove_waiting = sql.fill(kRemoveWaiting);
  dead.outcomes = sql.fill_read(kOutcomes);
  dead.show = sql.fill_read(kShow);
  sql.set("locked_columns", "{key} AS place, ctid AS at, tableoid AS part, {row_json} AS exported");
  sql.set("locked", kLocked);
  dead.mark_discarded = sql.fill(kMarkDiscarded);
  return dead;
}

}  // namespace outboxd::outbox_table
