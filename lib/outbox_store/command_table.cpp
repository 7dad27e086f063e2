// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/command_table.hpp"

#include "outbox_store/table_lock.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/identifier.hpp"
#include "postgres/session_options.hpp"
#include "postgres/sqlstate.hpp"

#include <stdexcept>
#include <utility>

namespace outboxd::outbox_store {

using postgres::sqlstate_of;
using postgres::Statements;

CommandTable::CommandTable(const RowStoreOptions& options, Access access)
    : options_{options},
      // No session-level settings: a pooler may stand in between.
      mode_{.settings = access == Access::read ? postgres::reading_settings(options.session)
                                               : postgres::writing_settings(options.session)},
      table_{postgres::quote_table(options.table)} {}

void CommandTable::connect() {
  auto fresh = postgres::open_connection(options_.session.conninfo);
  Statements statements{*fresh, mode_, prepared_};
  const auto report = outbox_table::inspect_table(statements, table_, options_.shape, options_.terms.worker.size(),
                                                  outbox_table::TableUse::count);
  if (!report.problems.empty()) throw std::runtime_error(report.problems.front());
  layout_ = outbox_table::make_layout(options_.shape, outbox_table::with_facts(options_.terms, report));
  connection_ = std::move(fresh);
}

void CommandTable::use(const Work& work) {
  try {
    if (!connection_ || !connection_->is_open()) connect();
    Statements statements{*connection_, mode_, prepared_};
    try {
      work(statements, layout_);
    } catch (const pqxx::failure& error) {
      look_for_table_lock(statements, layout_, sqlstate_of(error));
      throw;
    }
  } catch (const pqxx::failure& error) {
    connection_.reset();
    const auto remedy = postgres::meaning_of_sqlstate(sqlstate_of(error)).remedy;
    throw std::runtime_error(postgres::message_of(error) + (remedy.empty() ? "" : "; " + std::string{remedy}));
  }
}

}  // namespace outboxd::outbox_store
