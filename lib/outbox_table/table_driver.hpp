// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/inspect.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace outboxd::outbox_table {

/// The SQL by which a table is driven now, and the terms that it was made for.
struct Driver {
  LayoutTerms terms;
  Layout layout;
};

/// How a table is driven: made anew when the table, or the worker's name, has changed under us. What runs keeps the
/// driver that it began with. Several threads may use it.
class TableDriver {
 public:
  /// `name`: the table as quoted SQL, with or without a schema.
  TableDriver(std::string name, TableShape shape, LayoutTerms terms);

  [[nodiscard]] std::shared_ptr<const Driver> driver() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const TableShape& shape() const { return shape_; }

  /// Looks the table up in the catalog, and drives it from now on as it is there, unless the report has problems.
  /// Blocks; throws what libpqxx throws.
  TableReport inspect(postgres::Statements& statements);

  /// As inspect(), when a statement of `before` has failed for what it names or for its types: whether the table is
  /// to be driven otherwise than by `before`. Throws UnfitTable where the report has problems.
  bool has_changed(postgres::Statements& statements, const Driver& before);

  /// The worker goes by this name; rows that are leased under one of the last ones remain ours.
  void rename_worker(std::string worker);

 private:
  void make(LayoutTerms terms);

  std::string name_;
  TableShape shape_;
  mutable std::mutex mutex_;
  /// What to look for: the name, and from the first fit report on the schema that it was found in, too, as somebody
  /// may create a table of that name in one that comes before it in the search path.
  std::string found_;
  std::shared_ptr<const Driver> driver_;
};

}  // namespace outboxd::outbox_table
