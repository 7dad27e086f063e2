// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/command_table.hpp"

#include "outbox_store/table_lock.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/identifier.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/sqlstate.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

namespace outboxd::outbox_store {

using postgres::sqlstate_of;
using postgres::Statements;

CommandTable::CommandTable(const RowStoreOptions& options, Access access)
    : options_{options}, access_{access}, table_{postgres::quote_table(options.table)} {}

void CommandTable::connect() {
  auto fresh = std::make_unique<postgres::OperatorSession>(options_.session, access_);
  const auto report = fresh->run([this](Statements& statements) {
    return outbox_table::inspect_table(statements, table_, options_.shape, options_.terms.worker.size(),
                                       outbox_table::TableUse::count);
  });
  if (!report.problems.empty()) throw std::runtime_error(report.problems.front());
  terms_ = outbox_table::with_facts(options_.terms, report);
  layout_ = outbox_table::make_layout(options_.shape, terms_);
  session_ = std::move(fresh);
}

void CommandTable::use(const Work& work) {
  try {
    if (!session_ || !session_->is_open()) connect();
    session_->run([&](Statements& statements) {
      try {
        work(statements, layout_);
      } catch (const pqxx::failure& error) {
        look_for_table_lock(statements, layout_, sqlstate_of(error));
        throw;
      }
    });
  } catch (const pqxx::failure& error) {
    session_.reset();
    const auto remedy = postgres::meaning_of_sqlstate(sqlstate_of(error)).remedy;
    throw std::runtime_error(postgres::message_of(error) + (remedy.empty() ? "" : "; " + std::string{remedy}));
  }
}

}  // namespace outboxd::outbox_store
