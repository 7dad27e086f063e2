// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/trace/facts.hpp"
#include "outbox_store/row_store_options.hpp"
#include "outbox_table/layout.hpp"
#include "outbox_table/trace_sql.hpp"
#include "postgres/operator_session.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon::trace {

/// The reason of an error of Postgres, and its remedy where there is one.
[[nodiscard]] std::string reason_of(const std::exception& error);

/// Whether Postgres did not answer at all.
[[nodiscard]] bool is_no_answer(const std::exception& error);

/// One table with a connection. Only reads; blocks, and throws libpqxx's exceptions.
class TableReader {
 public:
  explicit TableReader(const config::Settings& settings);

  /// Returns why the table is of no use; empty if it is.
  std::string inspect();

  /// The rows with this id; where there is none, those with this dedupe key. Without their payloads.
  std::vector<RowFacts> rows(const std::string& id);

  /// Measures the payloads of these rows. `most`: so many bytes of them are shown in all; nothing: none is to be.
  void add_payloads(std::vector<RowFacts>& rows, std::optional<std::uint64_t> most);

  [[nodiscard]] const outbox_table::TableShape& shape() const { return options_.shape; }

 private:
  bool can_be_id(const std::string& text);
  std::vector<RowFacts> run(const std::string& sql, const std::string& id);
  /// `twins`: earlier rows of the same id and stream.
  void add_payload(RowFacts& row, int twins, std::optional<std::uint64_t> most);
  /// A row that is due and locked waits for no dispatcher. What may not be seen of it is left out.
  void add_locks(RowFacts& row);

  outbox_store::RowStoreOptions options_;
  postgres::OperatorSession session_;
  std::string table_;
  outbox_table::TraceSql sql_;
  outbox_table::Layout layout_;
};

}  // namespace outboxd::daemon::trace
