// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/table_reader.hpp"

#include "daemon/settings/options_from_settings.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/error_text.hpp"
#include "postgres/identifier.hpp"
#include "postgres/sqlstate.hpp"
#include "streams/shown.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace outboxd::daemon::trace {

using postgres::exec;
using postgres::is_true;
using postgres::optional_text_of;
using postgres::Statements;
using postgres::text_of;
using std::chrono::system_clock;

namespace {

/// The text isn't of the id's type, too large a number for it, or against the rules of its domain.
bool is_no_id(const std::exception& error) {
  const auto state = postgres::sqlstate_of(error);
  return state.starts_with("22") || state == "23514";
}

Milliseconds since_epoch(const std::string& text) {
  return Milliseconds{std::stoll(text)};
}

Moment moment_of(const pqxx::row& line, const std::string& name) {
  Moment moment{.text = optional_text_of(line[name]).value_or("")};
  if (const auto time = optional_text_of(line[name + "_ms"])) moment.since_epoch = since_epoch(*time);
  return moment;
}

RowFacts row_of(const pqxx::row& line) {
  const auto text = [&line](const char* name) { return optional_text_of(line[name]).value_or(""); };
  RowFacts row{.table = {},
               .id = text("id"),
               .stream = text("stream"),
               .producer = text("producer"),
               .dedupe_key = optional_text_of(line["dedupe_key"]),
               .status = text("status"),
               .is_pending = is_true(line["is_pending"]),
               .is_dead = is_true(line["is_dead"]),
               .is_published = is_true(line["is_published"]),
               .attempts = static_cast<std::uint64_t>(std::max(0LL, std::stoll(text("attempts")))),
               .created = moment_of(line, "created"),
               .due = moment_of(line, "due"),
               .published = moment_of(line, "published"),
               .leased_until = moment_of(line, "leased_until"),
               .leased_by = text("leased_by"),
               .last_error = optional_text_of(line["last_error"]),
               .now = since_epoch(text("now_ms"))};
  if (!line["holder_is_gone"].is_null()) row.holder = is_true(line["holder_is_gone"]) ? Holder::gone : Holder::lives;
  return row;
}

}  // namespace

std::string reason_of(const std::exception& error) {
  const auto state = postgres::sqlstate_of(error);
  auto text = postgres::message_of(error);
  const auto remedy = state.empty() ? std::string{} : std::string{postgres::meaning_of_sqlstate(state).remedy};
  return text.append(remedy.empty() ? "" : "; ").append(remedy);
}

bool is_no_answer(const std::exception& error) {
  const auto state = postgres::sqlstate_of(error);
  return state.empty() || state.starts_with("08") || state.starts_with("57P");
}

TableReader::TableReader(const config::Settings& settings)
    : options_{row_store_options(settings, "")}, session_{options_.session} {}

std::string TableReader::inspect() {
  auto report = session_.run([this](Statements& statements) {
    return outbox_table::inspect_table(statements, postgres::quote_table(options_.table), options_.shape, 0,
                                       outbox_table::TableUse::count);
  });
  if (!report.problems.empty()) return outbox_table::in_one_line(report.problems);
  table_ = report.table;
  // Rows of every stream and producer: that no dispatcher takes them may be the answer.
  auto terms = options_.terms;
  terms.streams.clear();
  terms.exclude_streams.clear();
  terms.producer.clear();
  terms = with_facts(std::move(terms), report);
  sql_ = make_trace_sql(options_.shape, terms);
  layout_ = make_layout(options_.shape, terms);
  return {};
}

std::vector<RowFacts> TableReader::rows(const std::string& id) {
  std::vector<RowFacts> found;
  if (can_be_id(id)) found = run(sql_.by_id, id);
  if (found.empty() && !sql_.by_dedupe_key.empty()) found = run(sql_.by_dedupe_key, id);
  for (auto& row : found) add_locks(row);
  return found;
}

void TableReader::add_payloads(std::vector<RowFacts>& rows, std::optional<std::uint64_t> most) {
  std::map<std::pair<std::string, std::string>, int> twins;
  for (auto& row : rows) {
    try {
      add_payload(row, twins[{row.id, row.stream}]++, most);
    } catch (const std::exception& error) {
      // The row itself is known.
      row.why_no_payload = "can't be known here: " + reason_of(error);
    }
    if (row.payload) *most -= row.payload->size();
  }
}

bool TableReader::can_be_id(const std::string& text) {
  try {
    session_.run([&](Statements& statements) { exec(statements, sql_.is_id, text); });
  } catch (const std::exception& error) {
    if (is_no_id(error)) return false;
    throw;
  }
  return true;
}

std::vector<RowFacts> TableReader::run(const std::string& sql, const std::string& id) {
  const auto before = system_clock::now();
  const auto answer = session_.run([&](Statements& statements) { return exec(statements, sql, id); });
  const auto middle = before + (system_clock::now() - before) / 2;
  std::vector<RowFacts> rows;
  for (const auto& line : answer) {
    auto& row = rows.emplace_back(row_of(line));
    row.table = table_;
    row.has_lease_columns = options_.shape.has_lease_columns();
    row.clock_ahead = row.now - std::chrono::duration_cast<Milliseconds>(middle.time_since_epoch());
  }
  return rows;
}

void TableReader::add_payload(RowFacts& row, int twins, std::optional<std::uint64_t> most) {
  const auto bytes = most ? std::to_string(*most) : "-1";
  const auto answer = session_.run([&](Statements& statements) {
    return exec(statements, sql_.payload, row.id, row.stream, std::to_string(twins), bytes);
  });
  if (answer.empty()) {
    row.why_no_payload = "can't be known here: the row was removed or changed meanwhile";
    return;
  }
  row.payload = optional_text_of(answer[0]["payload"]);
  if (const auto measured = optional_text_of(answer[0]["bytes"])) row.payload_bytes = std::stoull(*measured);
  if (!row.payload_bytes) {
    row.why_no_payload = "over " + streams::shown_bytes(std::stoull(text_of(answer[0]["bound"]))) +
                         ", so it is not read: no dispatcher publishes that much (dispatcher.max_payload_bytes)";
  } else if (most && !row.payload) {
    row.why_no_payload = "not shown: --payload shows at most " +
                         streams::shown_bytes(options_.terms.max_payload_bytes) +
                         " in all (dispatcher.max_payload_bytes)";
  }
}

void TableReader::add_locks(RowFacts& row) {
  if (!row.is_pending) return;
  try {
    session_.run([&](Statements& statements) {
      if (exec(statements, sql_.is_locked, row.id).empty()) return;
      for (const auto& line :
           exec(statements, layout_.row_holders, postgres::array_literal(std::vector<std::string>{row.id}))) {
        row.locked_by.push_back(text_of(line["who"]));
      }
    });
  } catch (const std::exception& error) {
    if (is_no_answer(error)) throw;
  }
}

}  // namespace outboxd::daemon::trace
