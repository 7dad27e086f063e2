// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/layout_sql.hpp"

#include "outbox_table/claimed_sql.hpp"
#include "postgres/identifier.hpp"
#include "postgres/search_path.hpp"

#include <stdexcept>
#include <utility>

namespace outboxd::outbox_table {

namespace {

constexpr std::string_view kUnlockedOnly = R"sql(
   AND o.{key} {key_equals} ANY (ARRAY(SELECT {key} FROM {table} WHERE {ours} FOR UPDATE SKIP LOCKED)))sql";

// The rows due first, of which {columns} are read.
constexpr std::string_view kFirstDue = R"sql(
  SELECT {columns} FROM {table}
   WHERE {which}{and_rows}
   ORDER BY {available_at}
   LIMIT $1::bigint{lock})sql";

// From each stream as many rows as from all together, as all may be one stream's; rows that were locked in vain are
// free again when the statement ends. Each stream has a subquery of its own, with its name in it: from statistics
// about an average stream the planner would rather walk over the rows of all streams.
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

constexpr std::string_view kStillLeased = R"sql(
SELECT {id}::text, {id} {id_equals} ANY (ARRAY(SELECT {id} FROM {table} WHERE {ours} FOR UPDATE SKIP LOCKED))
  FROM {table} WHERE {ours})sql";

// A trigger may silently change what is written. The role's own search path is set before.
constexpr std::string_view kWritten = R"sql(
SELECT CASE WHEN NOT as_meant THEN id::text END FROM written WHERE {takes_own_path})sql";

}  // namespace

void LayoutSql::set(const std::string& name, std::string_view value) {
  put(name, fill(value));
}

void LayoutSql::put(const std::string& name, std::string value) {
  values_[name] = std::move(value);
}

std::string LayoutSql::fill(std::string_view sql) const {
  std::string filled;
  for (;;) {
    // A literal brace, as in an array's literal, is not followed by a lower-case letter.
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
    // A search for any due row would walk over all entries that an old snapshot keeps; claims of named rows don't.
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

void LayoutSql::add_searches(Layout& layout, std::string_view claim_window, std::string_view due_ids,
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
  layout.claim_window = with(claim_window, "$3", "$4");
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
  layout.still_leased = fill_read(kStillLeased);
  layout.read_payload = fill_read("{read_payload}");
  layout.read_payloads = read_payloads_sql(*this);
}

}  // namespace outboxd::outbox_table
