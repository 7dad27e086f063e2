// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/layout.hpp"
#include "postgres/pqxx_compat.hpp"

#include <string>
#include <vector>

namespace outboxd::postgres {

/// A table, as far as a layout needs to know it.
struct TableReport {
  /// What is missing for this role to drive the table, each with its remedy; empty when it can.
  std::vector<std::string> problems;
  /// An ordinary table: not partitioned, not inherited from, and not a view.
  bool plain = false;
};

/// Looks a table up in the catalog and checks that its columns and this role's rights are what the layout needs.
/// `table` is quoted SQL. Blocks; throws what libpqxx throws.
[[nodiscard]] TableReport inspect_table(pqxx::transaction_base& transaction, const std::string& table,
                                        const Layout& layout);

}  // namespace outboxd::postgres
