// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/read_rows.hpp"

#include "daemon/settings/default_table.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "outbox_table/inspect.hpp"
#include "outbox_table/layout.hpp"
#include "outbox_table/trace_sql.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/error_text.hpp"
#include "postgres/identifier.hpp"
#include "postgres/operator_session.hpp"
#include "postgres/sqlstate.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace outboxd::daemon::trace {
namespace {

using outbox_table::TableShape;
using postgres::exec;
using postgres::is_true;
using postgres::OperatorSession;
using postgres::optional_text_of;
using postgres::Statements;
using postgres::text_of;
using std::chrono::system_clock;

// Ids need not be unique in a partitioned table.
constexpr std::size_t kMostRows = 20;

/// The dispatchers that use one table, as indexes.
struct SharedTable {
  config::Settings settings;
  std::vector<std::size_t> dispatchers{};
};

bool is_same_table(const config::Settings& one, const config::Settings& other) {
  const auto& a = one.dispatcher;
  const auto& b = other.dispatcher;
  return one.postgres.url == other.postgres.url && a.table == b.table && a.layout == b.layout &&
         a.columns == b.columns && a.states == b.states;
}

bool takes(const config::DispatcherSettings& dispatcher, const RowFacts& row, bool has_producers) {
  const auto names = [&row](const std::vector<std::string>& streams) {
    return std::ranges::find(streams, row.stream) != streams.end();
  };
  return (dispatcher.streams.empty() || names(dispatcher.streams)) && !names(dispatcher.exclude_streams) &&
         (!has_producers || dispatcher.producer.empty() || dispatcher.producer == row.producer);
}

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
               .payload_bytes = std::stoull(optional_text_of(line["payload_bytes"]).value_or("0")),
               .payload = optional_text_of(line["payload"]),
               .now = since_epoch(text("now_ms"))};
  if (!line["holder_is_gone"].is_null()) row.holder = is_true(line["holder_is_gone"]) ? Holder::gone : Holder::lives;
  return row;
}

/// One table with a connection.
class TableReader {
 public:
  explicit TableReader(const config::Settings& settings)
      : options_{row_store_options(settings, "")}, session_{options_.session} {}

  /// Returns why the table is of no use; empty if it is.
  std::string inspect() {
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

  std::vector<RowFacts> rows(const std::string& id, bool with_payload) {
    auto found = run(sql_.by_id, id, with_payload);
    if (found.empty() && !sql_.by_dedupe_key.empty()) found = run(sql_.by_dedupe_key, id, with_payload);
    for (auto& row : found) add_locks(row);
    return found;
  }

  [[nodiscard]] const TableShape& shape() const { return options_.shape; }

 private:
  std::vector<RowFacts> run(const std::string& sql, const std::string& id, bool with_payload) {
    const auto before = system_clock::now();
    const auto answer = [&]() -> std::optional<pqxx::result> {
      try {
        return session_.run(
            [&](Statements& statements) { return exec(statements, sql, id, with_payload ? "t" : "f"); });
      } catch (const std::exception& error) {
        if (is_no_id(error)) return std::nullopt;
        throw;
      }
    }();
    const auto middle = before + (system_clock::now() - before) / 2;
    std::vector<RowFacts> rows;
    if (!answer) return rows;
    for (const auto& line : *answer) {
      auto& row = rows.emplace_back(row_of(line));
      row.table = table_;
      row.has_lease_columns = options_.shape.has_lease_columns();
      row.clock_ahead = row.now - std::chrono::duration_cast<Milliseconds>(middle.time_since_epoch());
    }
    return rows;
  }

  /// A row that is due and locked waits for no dispatcher. What may not be seen of it is left out.
  void add_locks(RowFacts& row) {
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

  outbox_store::RowStoreOptions options_;
  OperatorSession session_;
  std::string table_;
  outbox_table::TraceSql sql_;
  outbox_table::Layout layout_;
};

/// Collects what several tables have.
class RowSearch {
 public:
  explicit RowSearch(const std::vector<config::Settings>& dispatchers) : dispatchers_{dispatchers} {}

  FoundRows search(const std::string& id, bool with_payload) {
    for (std::size_t i = 0; i < dispatchers_.size(); ++i) add_table_of(i);
    for (const auto& table : tables_) {
      guarded(table.settings, [&] { look_into(table, id, with_payload); });
    }
    return std::move(found_);
  }

 private:
  void add_table_of(std::size_t dispatcher) {
    auto settings = dispatchers_[dispatcher];
    guarded(settings, [&] {
      // The table that the daemon would choose with this role's rights; otherwise one that this role may read.
      if (!choose_table_now(settings, outbox_table::TableUse::drive).empty()) {
        const auto problems = choose_table_now(settings, outbox_table::TableUse::count);
        if (!problems.empty()) return leave_out(settings, outbox_table::in_one_line(problems));
      }
      const auto same = std::ranges::find_if(
          tables_, [&settings](const SharedTable& table) { return is_same_table(table.settings, settings); });
      auto& table = same == tables_.end() ? tables_.emplace_back(SharedTable{settings}) : *same;
      table.dispatchers.push_back(dispatcher);
    });
  }

  void look_into(const SharedTable& table, const std::string& id, bool with_payload) {
    TableReader reader{table.settings};
    if (const auto problem = reader.inspect(); !problem.empty()) return leave_out(table.settings, problem);
    auto rows = reader.rows(id, with_payload);
    if (rows.size() > kMostRows) {
      rows.resize(kMostRows);
      found_.unknown.push_back("further rows of table " + table.settings.dispatcher.table + " that have this id");
    }
    for (auto& row : rows) add(table, reader.shape(), std::move(row));
  }

  void add(const SharedTable& table, const TableShape& shape, RowFacts row) {
    FoundRow found;
    for (const auto i : table.dispatchers) {
      const auto& dispatcher = dispatchers_[i].dispatcher;
      const bool is_taken = takes(dispatcher, row, !shape.producer.empty());
      row.dispatchers.push_back({.name = dispatcher.name,
                                 .takes_row = is_taken,
                                 .max_attempts = dispatcher.max_attempts,
                                 .lease = dispatcher.lease});
      if (is_taken) found.dispatchers.push_back(i);
    }
    if (found.dispatchers.empty()) found.dispatchers = table.dispatchers;
    found.row = std::move(row);
    found_.rows.push_back(std::move(found));
  }

  /// A server that didn't answer is not asked again: each try takes the time-out.
  template <class Work>
  void guarded(const config::Settings& settings, const Work& work) {
    if (std::ranges::find(silent_, settings.postgres.url) != silent_.end()) return;
    try {
      work();
    } catch (const std::exception& error) {
      if (is_no_answer(error)) {
        found_.is_unreachable = true;
        silent_.push_back(settings.postgres.url);
      }
      leave_out(settings, reason_of(error));
    }
  }

  void leave_out(const config::Settings& settings, const std::string& reason) {
    found_.is_partial = true;
    found_.unknown.push_back("rows of dispatcher " + settings.dispatcher.name + ", table " +
                             settings.dispatcher.table + ": " + reason);
  }

  const std::vector<config::Settings>& dispatchers_;
  std::vector<SharedTable> tables_;
  std::vector<std::string> silent_;
  FoundRows found_;
};

}  // namespace

FoundRows read_rows(const std::vector<config::Settings>& dispatchers, const std::string& id, bool with_payload) {
  return RowSearch{dispatchers}.search(id, with_payload);
}

}  // namespace outboxd::daemon::trace
