// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/filter.hpp"
#include "outbox_store/row_store_options.hpp"
#include "outbox_table/dead_sql.hpp"
#include "postgres/socket_watchdog.hpp"
#include "postgres/statements.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace outboxd::dead_rows {

/// Which rights a command needs: SELECT; with requeue also UPDATE, with discard DELETE or UPDATE.
enum class Use { look, requeue, discard };

/// The table or its rights are not what the command needs, or the filter asks for what the table doesn't have. The
/// message has the remedy; nothing was changed.
class Unfit : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A filter as the parameters of the statements; its times are fixed when it is made.
using FilterParameters = std::vector<postgres::Parameter>;

/// One dispatcher's table with a connection, for an operator's command. Blocks, but never for longer than the
/// statement time-out: a server that doesn't answer is left.
class Table {
 public:
  /// Connects, and checks the table and the role's rights. Throws Unfit, or libpqxx's exceptions.
  Table(const outbox_store::RowStoreOptions& options, Use use);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  [[nodiscard]] const outbox_table::DeadSql& sql() const { return sql_; }
  [[nodiscard]] const outbox_table::DeadRights& rights() const { return rights_; }
  /// With its schema, as quoted SQL.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// The column by which rows are older or newer; empty: there is none.
  [[nodiscard]] std::string time_column() const { return dead_since_column(shape_); }
  [[nodiscard]] bool has_errors() const { return !shape_.last_error.empty(); }

  /// Throws Unfit if the table has no column for a condition, or an id isn't of the column's type.
  [[nodiscard]] FilterParameters parameters_of(const Filter& filter);

  /// Runs one statement in a transaction of its own. Throws postgres::LockedTable, with the session, if it waited for
  /// a lock on the whole table.
  pqxx::result run(const std::string& sql, const std::vector<postgres::Parameter>& parameters);
  /// Runs one statement, and calls `before_commit` with its result before the transaction is committed; if that
  /// throws, the statement is undone. If this throws, `in_doubt` says whether it may be committed all the same.
  void run_and_commit(const std::string& sql, const std::vector<postgres::Parameter>& parameters,
                      const std::function<void(const pqxx::result&)>& before_commit, bool& in_doubt);
  /// Returns if an error may be about single rows; otherwise rethrows the exception that is being handled, or throws
  /// postgres::LockedTable.
  void check_it_may_be_a_rows(const std::exception& error);

 private:
  pqxx::result begin(pqxx::nontransaction& transaction, const std::string& sql,
                     const std::vector<postgres::Parameter>& parameters);

  /// Cuts the connection when the server stops answering.
  struct Watch {
    explicit Watch(std::chrono::milliseconds limit);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    postgres::SocketWatchdog dog;
    boost::asio::io_context loop{1};
    postgres::SocketWatchdog::Guard guard;
    std::thread thread;
  };

  void inspect(const outbox_store::RowStoreOptions& options, Use use);
  /// Throws postgres::LockedTable if the statement failed because of such a lock.
  void name_table_lock(const std::exception& error);

  outbox_table::TableShape shape_;
  postgres::StatementMode mode_;
  postgres::PreparedStatements prepared_;
  Watch watch_;
  std::unique_ptr<pqxx::connection> connection_;
  std::string name_;
  outbox_table::DeadRights rights_;
  outbox_table::DeadSql sql_;
  /// Its statements find out who has locked the table.
  outbox_table::Layout layout_;
};

/// Whether an error in answer to COMMIT, with this SQLSTATE ("": it has none), is Postgres' own refusal. Other errors
/// may come from a server that is ending, or from a proxy that has lost its server.
[[nodiscard]] bool refuses_commit(std::string_view sqlstate);

/// What to show for an error of Postgres: its message, without contents of rows, and the remedy.
[[nodiscard]] std::string shown(const std::exception& error);

}  // namespace outboxd::dead_rows
