// SPDX-License-Identifier: Apache-2.0
// The values of the placeholders in a layout's SQL.
#include "outbox_table/claimed_sql.hpp"
#include "outbox_table/layout_sql.hpp"
#include "postgres/identifier.hpp"
#include "postgres/search_path.hpp"

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
    // An index by stream does not have several streams' rows in the order of time, nor an order that moves with each
    // lease; in a form that an index could serve, the planner might have each claim sort all due rows. Where an index
    // serves, each stream is searched by itself.
    conditions += " AND CASE WHEN " + stream + " IN (" + literals(terms.streams) + ") THEN true ELSE false END";
  }
  if (!terms.exclude_streams.empty()) {
    conditions += " AND " + stream + " NOT IN (" + literals(terms.exclude_streams) + ")";
  }
  return conditions;
}

/// One below the type's maximum, so that one can always be added.
std::string most_attempts_of(const std::string& type) {
  return type == "smallint" ? "32766" : "2147483646";
}

}  // namespace

LayoutSql::LayoutSql(const TableShape& shape, const LayoutTerms& terms)
    : streams_{finds_each_stream(terms) ? terms.streams : std::vector<std::string>{}} {
  put_columns(shape, terms);
  put_terms(terms);
  put("filter", filter(shape, terms));
  put("takes_own_path", std::string{postgres::kTakesOwnPath});
  set_states(shape, terms);
  set_assignments(shape);
  set_checks(shape);
  set_claimed(*this, terms);
}

void LayoutSql::put_columns(const TableShape& shape, const LayoutTerms& terms) {
  put("table", terms.table);
  put("table_name", postgres::quote_text(terms.table));
  put("key", terms.ctid_names_rows ? "ctid" : column(shape.id));
  put("key_equals", terms.ctid_names_rows ? "=" : terms.id_equals);
  put("keys", terms.ctid_names_rows ? "tid[]" : terms.id_type + "[]");
  put("id", column(shape.id));
  put("id_equals", terms.id_equals);
  put("id_greater", terms.id_greater);
  put("ids", terms.id_type + "[]");
  put("id_type", terms.id_type);
  // As text, so that an id of another type, from before the column was altered, matches no row; and by a hash, as
  // there may be thousands.
  set("not_left_out", "{id}::text NOT IN (SELECT unnest($3::text[]))");
  put("stream", column(shape.stream));
  put("of_stream", "");
  put("payload", column(shape.payload));
  put("attempts", column(shape.attempts));
  // Other applications' columns may hold NULL.
  set("own_attempts", "coalesce({attempts}, 0)");
  set("o_attempts", "coalesce(o.{attempts}, 0)");
  put("attempts_cap", most_attempts_of(terms.attempts_type));
  put("available_at", column(shape.available_at));
  put("created_at", column(shape.created_at.empty() ? shape.available_at : shape.created_at));
  put("dedupe_key", column(shape.dedupe_key));
  put("status", column(shape.status));
  put("published_at", column(shape.published_at));
  put("last_error", column(shape.last_error));
  put("last_error_type", terms.last_error_type);
}

void LayoutSql::put_terms(const LayoutTerms& terms) {
  put("margin", "interval '250 milliseconds'");
  // Rows that commit later than a quarter of a minute are found by the sweeps.
  put("lately", "interval '15 seconds'");
  put("worker", postgres::quote_text(terms.worker));
  auto workers = terms.earlier_workers;
  workers.push_back(terms.worker);
  put("our_names", "ARRAY[" + literals(workers) + "]");
  put("lease_ms", std::to_string(terms.lease.count()));
  put("max_payload", std::to_string(terms.max_payload_bytes));
  put("batch_bytes", std::to_string(terms.batch_bytes));
  put("max_attempts", std::to_string(terms.max_attempts));
}

void LayoutSql::set_states(const TableShape& shape, const LayoutTerms& terms) {
  put("status_equals", terms.status_equals);
  put("as_published", postgres::quote_text(shape.published) + "::" + terms.status_type);
  put("as_dead", postgres::quote_text(shape.dead) + "::" + terms.status_type);
  put("as_pending", postgres::quote_text(shape.pending) + "::" + terms.status_type);
  set("pending", shape.has_status() ? "{status} {status_equals} {as_pending}" : "{published_at} IS NULL");
  // Pending and not dead.
  set("alive", shape.has_status() ? "{pending}" : "{pending} AND {available_at} < 'infinity'");
  set("is_dead",
      shape.has_status() ? "{status} {status_equals} {as_dead}" : "{pending} AND {available_at} = 'infinity'");
}

void LayoutSql::set_assignments(const TableShape& shape) {
  put("touch", shape.updated_at.empty() ? "" : column(shape.updated_at) + " = now(), ");
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
  set("dead_at", shape.has_status() ? "" : " WHEN s.verdict = 'dead' THEN 'infinity'::timestamptz");
}

void LayoutSql::set_checks(const TableShape& shape) {
  set("is_published",
      shape.has_status() ? "(o.{status} {status_equals} {as_published})" : "(o.{published_at} IS NOT NULL)");
  set("is_as_meant",
      std::string{"CASE s.verdict WHEN 'published' THEN {is_published} WHEN 'dead' THEN "} +
          (shape.has_status() ? "o.{status} {status_equals} {as_dead}" : "o.{available_at} = 'infinity'") +
          " ELSE s.delay = 0 OR o.{available_at} > now() END");
}

}  // namespace outboxd::outbox_table
