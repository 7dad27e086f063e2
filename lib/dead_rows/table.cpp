// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/table.hpp"

#include "outbox_store/bisect.hpp"
#include "outbox_store/table_lock.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/identifier.hpp"
#include "postgres/plain_settings.hpp"
#include "postgres/search_path.hpp"
#include "postgres/sqlstate.hpp"
#include "system/signals_blocked.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace outboxd::dead_rows {

using outbox_table::dead_rights;
using outbox_table::inspect_table;
using outbox_table::TableUse;
using postgres::array_literal;
using postgres::exec;
using postgres::exec_parameters;
using postgres::keep_to_catalog_sql;
using postgres::message_of;
using postgres::open_connection;
using postgres::Parameter;
using postgres::plain_settings_sql;
using postgres::quote_table;
using postgres::SocketWatchdog;
using postgres::sqlstate_of;
using postgres::Statements;
using postgres::text_of;

namespace {

// Long enough for a claim of a busy dispatcher; an operator needs a message if the table is locked.
constexpr std::chrono::milliseconds kLockTimeout{1'000};
constexpr std::chrono::seconds kGrace{2};

/// Each transaction has its settings, as a pooler may stand in between. Unlike in a daemon's session, a commit is
/// flushed: the operator reads that it was done.
std::string settings_of(const outbox_store::RowStoreOptions& options, Use use) {
  return std::string{use == Use::look ? "SET TRANSACTION READ ONLY; " : ""} + keep_to_catalog_sql(true) +
         "; SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN "
         "'SQL_ASCII' ELSE 'UTF8' END, true); SET LOCAL jit = off; SET LOCAL client_min_messages = warning"
         "; SET LOCAL statement_timeout = " +
         std::to_string(options.session.statement_timeout.count()) +
         "; SET LOCAL lock_timeout = " + std::to_string(kLockTimeout.count()) + plain_settings_sql(true);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all.append(all.empty() ? "" : ", ").append(text);
  return all;
}

/// The statement was undone as a whole, through no fault of its own.
bool lost_a_race(const std::exception& error) {
  const auto state = sqlstate_of(error);
  return state == "40001" || state == "40P01";
}

void roll_back(pqxx::nontransaction& transaction, SocketWatchdog& dog) {
  try {
    const SocketWatchdog::Work guarded{dog};
    exec(transaction, "ROLLBACK");
  } catch (const std::exception&) {
    // The connection is lost, and its transaction with it; the error that ended it is thrown on.
  }
}

}  // namespace

Table::Watch::Watch(std::chrono::milliseconds limit) : dog{limit}, guard{dog, loop.get_executor()} {
  // Signals are for the command's own thread, whose waiting they end.
  const system::AllSignalsBlocked blocked;
  thread = std::thread{[this] {
    const auto work = boost::asio::make_work_guard(loop);
    loop.run();
  }};
}

Table::Watch::~Watch() {
  loop.stop();
  thread.join();
}

Table::Table(const outbox_store::RowStoreOptions& options, Use use)
    : shape_{options.shape},
      mode_{.settings = settings_of(options, use)},
      watch_{options.session.statement_timeout + kGrace},
      connection_{open_connection(options.session.conninfo)} {
  watch_.dog.set_socket(connection_->sock());
  inspect(options, use);
}

Table::~Table() {
  watch_.dog.set_socket(-1);
}

void Table::inspect(const outbox_store::RowStoreOptions& options, Use use) {
  const SocketWatchdog::Work guarded{watch_.dog};
  Statements statements{*connection_, mode_, prepared_};
  const auto quoted = quote_table(options.table);
  auto report = inspect_table(statements, quoted, shape_, 0, TableUse::count);
  if (!report.problems.empty()) throw Unfit(report.problems.front());
  name_ = report.table;
  rights_ = dead_rights(statements, name_);
  if (use == Use::requeue || (use == Use::discard && !rights_.may_delete)) {
    report = inspect_table(statements, quoted, shape_, 0, TableUse::drive);
    if (!report.problems.empty()) {
      throw Unfit(report.problems.front() + (use == Use::discard ? "; or GRANT DELETE ON it" : ""));
    }
  }
  if (use == Use::discard && !rights_.unreadable.empty()) {
    throw Unfit("rows are exported whole before they are discarded, and this role may not read all of " + name_ +
                " (" + joined(rights_.unreadable) + "): GRANT SELECT ON " + name_);
  }
  const auto terms = with_facts(options.terms, report);
  sql_ = make_dead_sql(shape_, terms, rights_);
  layout_ = make_layout(shape_, terms);
}

FilterParameters Table::parameters_of(const Filter& filter) {
  if (filter.error && shape_.last_error.empty()) {
    throw Unfit("--error: table " + name_ +
                " has no column for errors; the daemon's log has the reasons. Choose rows by --stream, by their age "
                "or by --id");
  }
  if ((filter.older_than || filter.newer_than) && time_column().empty()) {
    throw Unfit("--older-than and --newer-than: table " + name_ +
                " has no column by which dead rows have an age; map created_at or updated_at, or choose rows by "
                "--stream, --error or --id");
  }
  const auto array = [](const std::vector<std::string>& texts) {
    return texts.empty() ? Parameter{} : Parameter{array_literal(texts)};
  };
  const auto before_now = [this](const std::optional<std::chrono::milliseconds>& age) {
    if (!age) return Parameter{};
    return Parameter{text_of(
        run("SELECT (now() - $1::bigint * interval '1 millisecond')::text", {std::to_string(age->count())})[0][0])};
  };
  FilterParameters parameters{array(filter.streams), filter.error, before_now(filter.older_than),
                              before_now(filter.newer_than), array(filter.ids)};
  return parameters;
}

pqxx::result Table::run(const std::string& sql, const std::vector<Parameter>& parameters) {
  try {
    const SocketWatchdog::Work guarded{watch_.dog};
    return Statements{*connection_, mode_, prepared_}.run(sql, parameters);
  } catch (const pqxx::failure& error) {
    name_table_lock(error);
    throw;
  }
}

void Table::name_table_lock(const std::exception& error) {
  if (!connection_->is_open()) return;
  const SocketWatchdog::Work guarded{watch_.dog};
  Statements statements{*connection_, mode_, prepared_};
  outbox_store::look_for_table_lock(statements, layout_, sqlstate_of(error));
}

void Table::run_and_commit(const std::string& sql, const std::vector<Parameter>& parameters,
                           const std::function<void(const pqxx::result&)>& before_commit, bool& in_doubt) {
  in_doubt = false;
  pqxx::nontransaction transaction{*connection_};
  try {
    before_commit(begin(transaction, sql, parameters));
    in_doubt = true;
    const SocketWatchdog::Work guarded{watch_.dog};
    exec(transaction, "COMMIT");
    in_doubt = false;
  } catch (const std::exception& error) {
    if (refuses_commit(sqlstate_of(error))) in_doubt = false;
    roll_back(transaction, watch_.dog);
    throw;
  }
}

pqxx::result Table::begin(pqxx::nontransaction& transaction, const std::string& sql,
                          const std::vector<Parameter>& parameters) {
  constexpr int kTries = 10;
  for (int tries = 1;; ++tries) {
    try {
      const SocketWatchdog::Work guarded{watch_.dog};
      exec(transaction, "BEGIN ISOLATION LEVEL READ COMMITTED; " + mode_.settings);
      return exec_parameters(transaction, sql, parameters);
    } catch (const std::exception& error) {
      if (tries == kTries || !lost_a_race(error)) throw;
    }
    roll_back(transaction, watch_.dog);
  }
}

void Table::check_it_may_be_a_rows(const std::exception& error) {
  const SocketWatchdog::Work guarded{watch_.dog};
  Statements statements{*connection_, mode_, prepared_};
  outbox_store::look_for_table_lock(statements, layout_, sqlstate_of(error));
  outbox_store::check_it_may_be_a_rows(statements, error);
}

bool refuses_commit(std::string_view sqlstate) {
  constexpr std::array kUnknown{std::string_view{"08"}, std::string_view{"57"}, std::string_view{"58"},
                                std::string_view{"XX"}, std::string_view{"40003"}};
  return !sqlstate.empty() &&
         std::ranges::none_of(kUnknown, [sqlstate](auto begin) { return sqlstate.starts_with(begin); });
}

std::string shown(const std::exception& error) {
  if (dynamic_cast<const pqxx::failure*>(&error) == nullptr) return error.what();
  const auto remedy = postgres::meaning_of_sqlstate(sqlstate_of(error)).remedy;
  return message_of(error) + (remedy.empty() ? "" : "; " + std::string{remedy});
}

}  // namespace outboxd::dead_rows
