// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/table_look.hpp"

#include "postgres/identifier.hpp"
#include "postgres/session.hpp"

namespace outboxd::outbox_store {

using outbox_table::inspect_table;
using outbox_table::TableReport;
using outbox_table::TableUse;
using postgres::Connection;
using postgres::NoState;
using postgres::quote_table;
using postgres::Session;
using postgres::Statements;

dispatch::Awaitable<dispatch::StoreResult<TableReport>> look_at_table(RowStoreOptions options, TableUse use) {
  const auto table = quote_table(options.table);
  Session<> session{"pg-look", options.session};
  co_return co_await session.run(
      "looking at " + table,
      [&table, &options, use](Statements& statements, Connection& /*connection*/, NoState& /*state*/) {
        return inspect_table(statements, table, options.shape, options.terms.worker.size(), use);
      });
}

}  // namespace outboxd::outbox_store
