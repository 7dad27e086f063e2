// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/inspect.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace outboxd::outbox_table {

/// The SQL for a table as it is now, and the terms for which it was made.
struct Driver {
  LayoutTerms terms;
  Layout layout;
};

/// Makes the SQL for a table, and makes it again when the table or the worker's name has changed. Running work keeps
/// the driver with which it began. Several threads may use it.
class TableDriver {
 public:
  /// `name`: the table as quoted SQL, with or without a schema.
  TableDriver(std::string name, TableShape shape, LayoutTerms terms);

  [[nodiscard]] std::shared_ptr<const Driver> driver() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const TableShape& shape() const { return shape_; }

  /// Looks the table up in the catalog, and uses it as found from now on, unless the report has problems. Blocks;
  /// throws libpqxx's exceptions.
  TableReport inspect(postgres::Statements& statements);

  /// Like inspect(), for when a statement of `before` has failed because of the names in it or their types: whether
  /// the table now needs another driver than `before`. Throws UnfitTable where the report has problems.
  bool has_changed(postgres::Statements& statements, const Driver& before);

  /// Gives the worker this name; it keeps rows that are leased under one of its last names.
  void rename_worker(std::string worker);

 private:
  void make(LayoutTerms terms);

  std::string name_;
  TableShape shape_;
  mutable std::mutex mutex_;
  /// The name to look up; from the first report without problems on, together with the schema in which it was found,
  /// as a table of that name may be created in a schema that comes earlier in the search path.
  std::string found_;
  std::shared_ptr<const Driver> driver_;
};

}  // namespace outboxd::outbox_table
