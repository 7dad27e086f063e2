// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/backlog.hpp"

#include "outbox_store/bisect.hpp"
#include "outbox_store/locked_rows.hpp"
#include "outbox_store/table_lock.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/identifier.hpp"
#include "postgres/plain_settings.hpp"
#include "postgres/search_path.hpp"
#include "postgres/sqlstate.hpp"

#include <stdexcept>
#include <thread>
#include <utility>

namespace outboxd::outbox_store {

using outbox_table::inspect_table;
using outbox_table::Layout;
using outbox_table::make_layout;
using outbox_table::TableUse;
using outbox_table::with_facts;
using postgres::exec;
using postgres::keep_to_catalog_sql;
using postgres::meaning_of_sqlstate;
using postgres::message_of;
using postgres::open_connection;
using postgres::Parameter;
using postgres::plain_settings_sql;
using postgres::quote_table;
using postgres::sqlstate_of;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr std::uint64_t kCountCap = 100'000;

std::uint64_t number_of(const pqxx::field& field) {
  return std::stoull(text_of(field));
}

// For commands of operators, who need a message when the table is locked.
constexpr std::chrono::milliseconds kLockTimeout{1'000};
constexpr std::chrono::milliseconds kBetweenLooks{500};

}  // namespace

dispatch::BacklogSample count_backlog(Statements& statements, const Layout& layout, const std::string& due_by) {
  const auto result = exec(statements, layout.sample, due_by.empty() ? Parameter{} : Parameter{due_by}, kCountCap);
  const auto line = result[0];
  dispatch::BacklogSample sample;
  sample.pending = number_of(line["pending"]);
  sample.dead = number_of(line["dead"]);
  sample.due = number_of(line["due"]);
  sample.cap = kCountCap;
  sample.delayed = number_of(line["delayed"]);
  const auto oldest = line["oldest_pending_ms"];
  if (!oldest.is_null()) sample.oldest_pending = std::chrono::milliseconds{number_of(oldest)};
  return sample;
}

BacklogReader::BacklogReader(const RowStoreOptions& options)
    : options_{options},
      // No session-level settings: a pooler may stand in between.
      mode_{.settings =
                "SET TRANSACTION READ ONLY; " + keep_to_catalog_sql(true) +
                "; SET LOCAL statement_timeout = " + std::to_string(options.session.statement_timeout.count()) +
                "; SET LOCAL lock_timeout = " + std::to_string(kLockTimeout.count()) + plain_settings_sql(true)},
      table_{quote_table(options.table)} {}

void BacklogReader::connect() {
  auto fresh = open_connection(options_.session.conninfo);
  Statements statements{*fresh, mode_, prepared_};
  const auto report =
      inspect_table(statements, table_, options_.shape, options_.terms.worker.size(), TableUse::count);
  if (!report.problems.empty()) throw std::runtime_error(report.problems.front());
  layout_ = make_layout(options_.shape, with_facts(options_.terms, report));
  connection_ = std::move(fresh);
}

dispatch::LockedRows BacklogReader::locked_rows(Statements& statements) const {
  LockedRowsLook look;
  auto found = look.look(statements, layout_, LockedRowsLook::How::reading);
  if (!look.found_any()) return found;
  // A dispatcher has the rows that it just claims locked, too.
  std::this_thread::sleep_for(kBetweenLooks);
  return look.look(statements, layout_, LockedRowsLook::How::reading);
}

Overview BacklogReader::look(Statements& statements) const {
  Overview overview{count_backlog(statements, layout_, "")};
  const auto line = exec(statements, layout_.in_flight_sample, kCountCap)[0];
  overview.leased = number_of(line["leased"]);
  overview.in_retry = number_of(line["in_retry"]);
  if (overview.backlog.oldest_pending.value_or(std::chrono::milliseconds{0}) >= kLongDue) {
    try {
      overview.locked = locked_rows(statements);
    } catch (const std::exception& error) {
      // The counts are useful without it.
      check_it_may_be_a_rows(statements, error);
    }
  }
  return overview;
}

Overview BacklogReader::look() {
  try {
    if (!connection_ || !connection_->is_open()) connect();
    Statements statements{*connection_, mode_, prepared_};
    try {
      return look(statements);
    } catch (const pqxx::failure& error) {
      look_for_table_lock(statements, layout_, sqlstate_of(error));
      throw;
    }
  } catch (const pqxx::failure& error) {
    connection_.reset();
    const auto remedy = meaning_of_sqlstate(sqlstate_of(error)).remedy;
    throw std::runtime_error(message_of(error) + (remedy.empty() ? "" : "; " + std::string{remedy}));
  }
}

}  // namespace outboxd::outbox_store
