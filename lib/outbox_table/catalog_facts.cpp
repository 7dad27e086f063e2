// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/catalog_facts.hpp"

#include "outbox_table/layout_sql.hpp"
#include "postgres/identifier.hpp"

#include <algorithm>
#include <set>

namespace outboxd::outbox_table {

using postgres::exec;
using postgres::is_true;
using postgres::quote_name;
using postgres::Statements;
using postgres::text_of;

namespace {

// A unique index on the id serves no claim, but may be the only one whose validity matters, so all are listed.
constexpr const char* kIndexes = R"sql(
SELECT c.relname::text AS name, first.attname::text AS first, second.attname::text AS second,
       i.indisvalid AND i.indisready AS valid, pg_get_expr(i.indpred, i.indrelid) AS condition,
       (SELECT nspname::text FROM pg_namespace AS n WHERE n.oid = c.relnamespace) AS schema
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
  LEFT JOIN pg_attribute AS first ON first.attrelid = i.indrelid AND first.attnum = i.indkey[0] AND first.attnum > 0
  LEFT JOIN pg_attribute AS second ON second.attrelid = i.indrelid AND second.attnum = i.indkey[1]
                                  AND second.attnum > 0 AND i.indnkeyatts > 1
 WHERE i.indrelid = to_regclass($1) ORDER BY c.relname)sql";

// RAISE without a level raises an exception. tgtype: 1 for each row, 2 before, 4 insert, 16 update.
constexpr const char* kTriggers = R"sql(
SELECT t.tgname::text AS name, t.tgenabled IN ('O', 'A') AS enabled, (t.tgtype & 4) <> 0 AS on_insert,
       (t.tgtype & 16) <> 0 AS on_update, format('%I.%I', n.nspname, p.proname) AS function,
       p.prosrc ~* '\mraise\M(?!\s+(debug|log|info|notice|warning)\M)'
         OR ((t.tgtype & 3) = 3 AND p.prosrc ~* '\mreturn\s+null\M') AS may_refuse
  FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE t.tgrelid = to_regclass($1) AND NOT t.tgisinternal ORDER BY t.tgname LIMIT 50)sql";

constexpr const char* kStorage = R"sql(
SELECT c.reltuples::bigint AS rows, c.relpages AS pages, coalesce(s.n_dead_tup, 0) AS dead_versions,
       coalesce(s.n_tup_ins, 0) AS inserted,
       extract(epoch FROM now() - greatest(s.last_vacuum, s.last_autovacuum))::bigint AS vacuumed_ago,
       (SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_enabled')
         AS autovacuum_enabled,
       (SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor') AS fillfactor,
       has_table_privilege(c.oid, 'DELETE') AS may_delete,
       (SELECT rolname::text FROM pg_roles AS r WHERE r.oid = c.relowner AND r.rolcanlogin) AS owner
  FROM pg_class AS c LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid WHERE c.oid = to_regclass($1))sql";

constexpr const char* kNamesakes = R"sql(
SELECT format('%I.%I', n.nspname, c.relname) AS table, coalesce(s.n_tup_ins, 0) AS inserted
  FROM pg_class AS own JOIN pg_class AS c ON c.relname = own.relname AND c.oid <> own.oid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
 WHERE own.oid = to_regclass($1) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
 ORDER BY inserted DESC LIMIT 5)sql";

constexpr std::string_view kLeaseHolders = R"sql(
SELECT left(worker, 200) AS worker, count(*) AS rows,
       (extract(epoch FROM max(lease) - now()) * 1000)::bigint AS longest_ms FROM (
  SELECT {locked_by}::text AS worker, {locked_until} AS lease FROM {table}
   WHERE {pending} AND {available_at} <= now(){filter} ORDER BY {available_at} LIMIT 1000) AS due
 WHERE lease > now() AND isfinite(lease) GROUP BY 1 ORDER BY 1 LIMIT 50)sql";

// The ids' own unique index leads to the latest rows: the ids of the contract's tables are in insertion order.
constexpr std::string_view kStreams = R"sql(
(SELECT DISTINCT stream FROM (
   SELECT {stream}::text AS stream FROM {table} WHERE true{filter} ORDER BY {id} DESC LIMIT 1000) AS latest)
UNION
(SELECT DISTINCT stream FROM (
   SELECT {stream}::text AS stream FROM {table} WHERE {pending} AND {available_at} <= now(){filter}
    ORDER BY {available_at} LIMIT 1000) AS due)
LIMIT 100)sql";

constexpr const char* kFrequentStreams = R"sql(
SELECT unnest(s.most_common_vals::text::text[]) AS stream
  FROM pg_stats AS s JOIN pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_class AS c ON c.relname = s.tablename AND c.relnamespace = n.oid
 WHERE c.oid = to_regclass($1) AND s.attname = $2::name LIMIT 100)sql";

std::int64_t number_of(const pqxx::field& field) {
  return field.is_null() ? 0 : std::stoll(text_of(field));
}

}  // namespace

std::vector<IndexFact> indexes_of(Statements& statements, const std::string& table) {
  std::vector<IndexFact> indexes;
  for (const auto& line : exec(statements, kIndexes, table)) {
    indexes.push_back({text_of(line["name"]), text_of(line["first"]), text_of(line["second"]), is_true(line["valid"]),
                       text_of(line["condition"]), text_of(line["schema"])});
  }
  return indexes;
}

const IndexFact* claim_index_of(const std::vector<IndexFact>& indexes, const TableShape& shape) {
  // Claims can use a partial index only if it has all rows that aren't published.
  const auto has_pending_rows = [&shape](const std::string& condition) {
    if (condition.empty()) return true;
    const auto& state = shape.has_status() ? shape.status : shape.published_at;
    return condition.find(state) != std::string::npos;
  };
  const auto serves = [&](const IndexFact& index) {
    const bool by_time = index.first == shape.available_at ||
                         (shape.has_status() && index.first == shape.status && index.second == shape.available_at);
    return by_time && index.valid && has_pending_rows(index.condition);
  };
  const auto found = std::ranges::find_if(indexes, serves);
  return found == indexes.end() ? nullptr : &*found;
}

std::string claim_index_sql(const TableShape& shape, const std::string& table) {
  const auto create = "CREATE INDEX CONCURRENTLY ON " + table + " (";
  if (shape.has_status()) return create + quote_name(shape.status) + ", " + quote_name(shape.available_at) + ")";
  return create + quote_name(shape.available_at) + ") WHERE " + quote_name(shape.published_at) + " IS NULL";
}

std::vector<TriggerFact> triggers_of(Statements& statements, const std::string& table) {
  std::vector<TriggerFact> triggers;
  for (const auto& line : exec(statements, kTriggers, table)) {
    triggers.push_back({.name = text_of(line["name"]),
                        .enabled = is_true(line["enabled"]),
                        .on_insert = is_true(line["on_insert"]),
                        .on_update = is_true(line["on_update"]),
                        .function = text_of(line["function"]),
                        .may_refuse = is_true(line["may_refuse"])});
  }
  return triggers;
}

StorageFacts storage_of(Statements& statements, const std::string& table) {
  const auto found = exec(statements, kStorage, table);
  if (found.empty()) return {};
  const auto line = found[0];
  StorageFacts facts{.rows = number_of(line["rows"]),
                     .pages = number_of(line["pages"]),
                     .dead_versions = number_of(line["dead_versions"]),
                     .inserted = number_of(line["inserted"]),
                     .autovacuum_enabled = text_of(line["autovacuum_enabled"]),
                     .fillfactor = text_of(line["fillfactor"]),
                     .may_delete = is_true(line["may_delete"]),
                     .owner = text_of(line["owner"])};
  if (!line["vacuumed_ago"].is_null()) facts.vacuumed_ago = std::chrono::seconds{number_of(line["vacuumed_ago"])};
  return facts;
}

std::vector<NamesakeFact> namesakes_of(Statements& statements, const std::string& table) {
  std::vector<NamesakeFact> found;
  for (const auto& line : exec(statements, kNamesakes, table)) {
    found.push_back({text_of(line["table"]), number_of(line["inserted"])});
  }
  return found;
}

std::string lease_holders_sql(const TableShape& shape, const LayoutTerms& terms) {
  if (!shape.has_lease_columns()) return {};
  LayoutSql sql{shape, terms};
  sql.put("locked_until", quote_name(shape.locked_until));
  sql.put("locked_by", quote_name(shape.locked_by));
  return sql.fill_read(kLeaseHolders);
}

std::string streams_sql(const TableShape& shape, const LayoutTerms& terms) {
  // Rows of streams that the dispatcher doesn't take count, too.
  auto of_producer = terms;
  of_producer.streams.clear();
  of_producer.exclude_streams.clear();
  return LayoutSql{shape, of_producer}.fill_read(kStreams);
}

std::vector<LeaseFact> lease_holders(Statements& statements, const TableShape& shape, const LayoutTerms& terms) {
  std::vector<LeaseFact> holders;
  const auto sql = lease_holders_sql(shape, terms);
  if (sql.empty()) return holders;
  for (const auto& line : exec(statements, sql)) {
    holders.push_back(
        {text_of(line["worker"]), number_of(line["rows"]), std::chrono::milliseconds{number_of(line["longest_ms"])}});
  }
  return holders;
}

std::vector<std::string> streams_in(Statements& statements, const TableShape& shape, const LayoutTerms& terms) {
  constexpr std::size_t kMost = 100;
  std::set<std::string> streams;
  const auto add = [&streams](const pqxx::result& found) {
    for (const auto& line : found) {
      if (streams.size() < kMost && !line[0].is_null()) streams.insert(text_of(line[0]));
    }
  };
  add(exec(statements, streams_sql(shape, terms)));
  add(exec(statements, kFrequentStreams, terms.table, shape.stream));
  return {streams.begin(), streams.end()};
}

}  // namespace outboxd::outbox_table
