// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/layout_sql.hpp"

#include "outbox_table/claimed_sql.hpp"
#include "postgres/identifier.hpp"
#include "postgres/search_path.hpp"

#include <stdexcept>
#include <utility>

namespace outboxd::outbox_table {

namespace {

std::string column(const std::string& name) {
  return name.empty() ? "NULL" : postgres::quote_name(name);
}

std::string literals(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list.append(list.empty() ? "" : ", ").append(postgres::quote_text(text));
  return list;
}

std::string filter(const TableShape& shape, const LayoutTerms& terms) {
  const auto stream = column(shape.stream) + "::text";
  std::string conditions;
  if (!terms.producer.empty() && !shape.producer.empty()) {
    conditions += " AND " + column(shape.producer) + "::text = " + postgres::quote_text(terms.producer);
  }
  if (!terms.streams.empty()) {
    // No index by stream has the order by time of several streams' rows, or of what moves with each lease; in a form
    // that an index could serve, the planner might have each claim sort all that is due. Where one serves, each
    // stream is looked for by itself.
    conditions += " AND CASE WHEN " + stream + " IN (" + literals(terms.streams) + ") THEN true ELSE false END";
  }
  if (!terms.exclude_streams.empty()) {
    conditions += " AND " + stream + " NOT IN (" + literals(terms.exclude_streams) + ")";
  }
  return conditions;
}

/// One below what the type can hold, so that one can always be added.
std::string most_attempts_of(const std::string& type) {
  return type == "smallint" ? "32766" : "2147483646";
}

constexpr std::string_view kUnlockedOnly = R"sql(
   AND o.{key} {key_equals} ANY (ARRAY(SELECT {key} FROM {table} WHERE {ours} FOR UPDATE SKIP LOCKED)))sql";

// The rows due first, of which {columns} are looked at.
constexpr std::string_view kFirstDue = R"sql(
  SELECT {columns} FROM {table}
   WHERE {which}{and_rows}
   ORDER BY {available_at}
   LIMIT $1::bigint{lock})sql";

// Of each stream as many as of all together, as all may be one stream's; what was locked in vain is free again when
// the statement ends. Each has a look of its own, with its name in it: from what the planner knows of an average
// stream it would rather walk over the rows of all of them.
constexpr std::string_view kFirstDueOfStream = R"sql(
  SELECT * FROM (
    SELECT {columns}, {available_at} AS outboxd_since FROM {table}
     WHERE {which}{and_rows}{of_stream}
     ORDER BY {available_at}
     LIMIT $1::bigint{lock}) AS outboxd_due)sql";
constexpr std::string_view kFirstOfThese = R"sql(
   ORDER BY outboxd_since
   LIMIT $1::bigint)sql";

// Up to where claims begin.
constexpr std::string_view kBelowTheMark =
    " AND {available_at} < $2::timestamptz - {margin} AND {available_at} >= $3::timestamptz - {lately}{ordinary}"
    "{but_streams}";

constexpr std::string_view kOverlooked = "SELECT id, since::text FROM ({first_due}) AS overlooked ORDER BY since";

constexpr std::string_view kStillOurs = R"sql(
SELECT {id}::text, {id} {id_equals} ANY (ARRAY(SELECT {id} FROM {table} WHERE {ours} FOR UPDATE SKIP LOCKED))
  FROM {table} WHERE {ours})sql";

// A trigger may change what is written before it is, without a word. The role's own search path is set before.
constexpr std::string_view kWritten = R"sql(
SELECT CASE WHEN NOT as_meant THEN id::text END FROM written WHERE {takes_own_path})sql";

}  // namespace

LayoutSql::LayoutSql(const TableShape& shape, const LayoutTerms& terms)
    : streams_{finds_each_stream(terms) ? terms.streams : std::vector<std::string>{}} {
  put("table", terms.table);
  put("key", terms.ctid_names_rows ? "ctid" : column(shape.id));
  put("key_equals", terms.ctid_names_rows ? "=" : terms.id_equals);
  put("id", column(shape.id));
  put("id_equals", terms.id_equals);
  put("ids", terms.id_type + "[]");
  put("id_type", terms.id_type);
  // As text, so that an id of another type, from before the column was altered, is that of no row; and by a hash, as
  // there may be thousands.
  set("not_left_out", "{id}::text NOT IN (SELECT unnest($3::text[]))");
  put("stream", column(shape.stream));
  put("of_stream", "");
  put("payload", column(shape.payload));
  put("attempts", column(shape.attempts));
  // Other applications' columns may hold NULL.
  set("own_attempts", "coalesce({attempts}, 0)");
  set("o_attempts", "coalesce(o.{attempts}, 0)");
  put("available_at", column(shape.available_at));
  put("margin", "interval '250 milliseconds'");
  // What commits later than a quarter of a minute is for the looks at everything.
  put("lately", "interval '15 seconds'");
  put("created_at", column(shape.created_at.empty() ? shape.available_at : shape.created_at));
  put("dedupe_key", column(shape.dedupe_key));
  put("attempts_cap", most_attempts_of(terms.attempts_type));
  put("worker", postgres::quote_text(terms.worker));
  auto workers = terms.earlier_workers;
  workers.push_back(terms.worker);
  put("our_names", "ARRAY[" + literals(workers) + "]");
  put("lease_ms", std::to_string(terms.lease.count()));
  put("max_payload", std::to_string(terms.max_payload_bytes));
  put("batch_bytes", std::to_string(terms.batch_bytes));
  put("keys", terms.ctid_names_rows ? "tid[]" : terms.id_type + "[]");
  put("max_attempts", std::to_string(terms.max_attempts));
  put("status", column(shape.status));
  put("as_published", postgres::quote_text(shape.published) + "::" + terms.status_type);
  put("as_dead", postgres::quote_text(shape.dead) + "::" + terms.status_type);
  put("as_pending", postgres::quote_text(shape.pending) + "::" + terms.status_type);
  put("published_at", column(shape.published_at));
  put("filter", filter(shape, terms));
  put("status_equals", terms.status_equals);
  put("takes_own_path", std::string{postgres::kTakesOwnPath});
  set("pending", shape.has_status() ? "{status} {status_equals} {as_pending}" : "{published_at} IS NULL");
  // Pending and not dead.
  set("alive", shape.has_status() ? "{pending}" : "{pending} AND {available_at} < 'infinity'");
  set("is_dead",
      shape.has_status() ? "{status} {status_equals} {as_dead}" : "{pending} AND {available_at} = 'infinity'");
  // Beginnings of SET lists, for what a shape may have or not.
  put("touch", shape.updated_at.empty() ? "" : column(shape.updated_at) + " = now(), ");
  put("last_error", column(shape.last_error));
  put("last_error_type", terms.last_error_type);
  set("set_published", std::string{shape.has_status() ? "{status} = {as_published}, " : ""} +
                           (shape.published_at.empty() ? "" : "{published_at} = now(), ") +
                           (shape.last_error.empty() ? "" : "{last_error} = NULL, ") + "{touch}");
  set("set_dead", std::string{shape.has_status() ? "{status} = {as_dead}, " : "{available_at} = 'infinity', "} +
                      (shape.last_error.empty() ? "" : "{last_error} = $2::text::{last_error_type}, ") + "{touch}");
  std::string outcome;
  if (shape.has_status()) {
    outcome +=
        "{status} = CASE s.verdict WHEN 'published' THEN {as_published} WHEN 'dead' THEN {as_dead} ELSE o.{status} "
        "END, ";
  }
  if (!shape.published_at.empty()) {
    outcome += "{published_at} = CASE WHEN s.verdict = 'published' THEN now() ELSE o.{published_at} END, ";
  }
  if (!shape.last_error.empty()) {
    outcome +=
        "{last_error} = CASE WHEN s.verdict = 'published' THEN NULL ELSE coalesce(s.error::{last_error_type}, "
        "o.{last_error}) END, ";
  }
  set("set_outcome", outcome + "{touch}");
  set("is_published",
      shape.has_status() ? "(o.{status} {status_equals} {as_published})" : "(o.{published_at} IS NOT NULL)");
  set("is_as_meant",
      std::string{"CASE s.verdict WHEN 'published' THEN {is_published} WHEN 'dead' THEN "} +
          (shape.has_status() ? "o.{status} {status_equals} {as_dead}" : "o.{available_at} = 'infinity'") +
          " ELSE s.delay = 0 OR o.{available_at} > now() END");
  set_claimed(*this, terms);
  set("dead_at", shape.has_status() ? "" : " WHEN s.verdict = 'dead' THEN 'infinity'::timestamptz");
}

void LayoutSql::set(const std::string& name, std::string_view value) {
  put(name, fill(value));
}

void LayoutSql::put(const std::string& name, std::string value) {
  values_[name] = std::move(value);
}

std::string LayoutSql::fill(std::string_view sql) const {
  std::string filled;
  for (;;) {
    // A brace that stands for itself, as in an array's literal, is not followed by a lower-case letter.
    auto open = sql.find('{');
    while (open != std::string_view::npos && (open + 1 >= sql.size() || sql[open + 1] < 'a' || sql[open + 1] > 'z')) {
      open = sql.find('{', open + 1);
    }
    filled += sql.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const auto close = sql.find('}', open);
    const auto name = sql.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    const auto value = values_.find(name);
    if (value == values_.end()) throw std::logic_error("no placeholder {" + std::string{name} + "}");
    filled += value->second;
    sql.remove_prefix(close + 1);
  }
}

std::string LayoutSql::fill_read(std::string_view sql) const {
  return postgres::under_own_path(fill(sql));
}

std::string LayoutSql::fill_write(std::string_view sql) const {
  return postgres::write_under_own_path(fill(sql));
}

std::string from_sql(std::string_view parameter) {
  return " AND {available_at} >= " + std::string{parameter} + "::timestamptz - {margin}";
}

namespace {

std::string but_streams_sql(std::string_view parameter) {
  return " AND {stream}::text <> ALL (" + std::string{parameter} + "::text[])";
}

}  // namespace

void LayoutSql::set_first_due(std::string_view columns, std::string_view lock, bool of_each_stream) {
  set("columns", columns);
  set("lock", lock);
  if (!of_each_stream) return set("first_due", kFirstDue);
  put("first_due", for_each_stream(kFirstDueOfStream, " UNION ALL") + fill(kFirstOfThese));
}

std::string LayoutSql::for_each_stream(std::string_view sql, std::string_view between) const {
  if (streams_.empty()) return fill(sql);
  std::string filled;
  for (const auto& stream : streams_) {
    auto one = *this;
    one.put("of_stream", one.fill(" AND {stream}::text = ") + postgres::quote_text(stream));
    filled.append(filled.empty() ? "" : between).append(one.fill(sql));
  }
  return filled;
}

void LayoutSql::add_claims(Layout& layout, std::string_view claim, std::string_view claim_places,
                           std::string_view ordinary, std::string_view any_due) const {
  const auto with = [this, any_due](std::string_view statement, const std::string& and_rows, std::string_view which,
                                    std::string_view lease_end, std::string_view from = "") {
    auto sql = *this;
    sql.set("from", from.empty() ? "" : from_sql(from));
    // Looking for any would walk over all that an old snapshot keeps, which those who name their rows don't.
    sql.put("any_due", from.empty() ? "true" : sql.for_each_stream(any_due, " OR "));
    sql.set("lease_end", lease_end);
    sql.put("claimed", claimed_sql(sql));
    sql.set("which", which);
    sql.set("and_rows", and_rows);
    sql.set_first_due("{key} AS place, {id} AS id", "\n     FOR UPDATE SKIP LOCKED",
                      !streams_.empty() && !from.empty());
    return sql.fill(statement);
  };
  constexpr std::string_view kDue = "{due}";
  constexpr std::string_view kLeaseEnd = "now() + {lease_ms} * interval '1 millisecond'";
  const std::string usual{ordinary};
  const std::string these = " AND {id} {id_equals} ANY ($3::text[]::{ids})";
  const std::string others = usual + " AND {not_left_out}";
  const std::string places = usual + " AND {key} {key_equals} ANY ($3::{keys})";
  layout.claim = with(claim, usual + "{from}" + but_streams_sql("$4"), kDue, kLeaseEnd, "$3");
  layout.claim_others = with(claim, others + "{from}" + but_streams_sql("$5"), kDue, kLeaseEnd, "$4");
  layout.claim_these = with(claim, these, kDue, kLeaseEnd);
  layout.claim_these_until = with(claim, these, kDue, "$4::timestamptz");
  layout.claim_places = with(claim_places, places + but_streams_sql("$4"), "{still_due}", kLeaseEnd);
  layout.claim_overlooked = with(claim_places, usual + these + but_streams_sql("$4"), "{still_due}", kLeaseEnd);
}

void LayoutSql::add_looks(Layout& layout, std::string_view look_ahead, std::string_view due_ids,
                          std::string_view ordinary) const {
  const auto with = [this, ordinary](std::string_view statement, std::string_view from, std::string_view streams) {
    auto sql = *this;
    sql.set("from", from.empty() ? "" : from_sql(from));
    sql.set("but_streams", but_streams_sql(streams));
    sql.set("ordinary", ordinary);
    sql.set("which", "{due}");
    sql.set("and_rows", kBelowTheMark);
    sql.set_first_due("CASE WHEN {id_fits} THEN {id}::text END AS id, {available_at} AS since", "",
                      !streams_.empty());
    return sql.fill_read(statement);
  };
  layout.look_ahead = with(look_ahead, "$3", "$4");
  layout.due_ids = with(due_ids, "$4", "$5");
  layout.overlooked = with(kOverlooked, "", "$4");
}

void LayoutSql::add_settlements(Layout& layout, std::string_view mark_published, std::string_view settle) const {
  const auto with = [this, settle](std::string_view and_rows) {
    auto sql = *this;
    sql.set("and_rows", and_rows);
    return sql.fill(std::string{settle} + std::string{kWritten});
  };
  layout.mark_published = fill(std::string{mark_published} + std::string{kWritten});
  layout.settle = with("");
  layout.settle_unlocked = with(kUnlockedOnly);
  layout.still_ours = fill_read(kStillOurs);
  layout.read_payload = fill_read("{read_payload}");
  layout.read_payloads = read_payloads_sql(*this);
}

}  // namespace outboxd::outbox_table
