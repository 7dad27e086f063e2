// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_store/row_store_options.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/operator_session.hpp"
#include "postgres/statements.hpp"

#include <functional>
#include <memory>
#include <string>

namespace outboxd::outbox_store {

/// One dispatcher's table, as a command of the command line uses it: over a connection of its own, whether a daemon
/// works on the table or not. Blocks, but not for long on a server that has fallen silent; not thread-safe.
class CommandTable {
 public:
  using Access = postgres::OperatorSession::Access;
  using Work = std::function<void(postgres::Statements&, const outbox_table::Layout&)>;

  /// Throws std::invalid_argument for an invalid table name.
  CommandTable(const RowStoreOptions& options, Access access);

  /// Does the work; connects when there is no connection. Throws std::exception with the reason and its remedy: for a
  /// table that isn't fit, or libpqxx's exceptions.
  void use(const Work& work);

  /// For statements beside the layout's, with what is known of the table while use() works.
  [[nodiscard]] const outbox_table::TableShape& shape() const { return options_.shape; }
  [[nodiscard]] const outbox_table::LayoutTerms& terms() const { return terms_; }

 private:
  void connect();

  RowStoreOptions options_;
  Access access_;
  /// Quoted SQL, with or without a schema.
  std::string table_;
  std::unique_ptr<postgres::OperatorSession> session_;
  outbox_table::LayoutTerms terms_;
  outbox_table::Layout layout_;
};

}  // namespace outboxd::outbox_store
