// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout_sql.hpp"

namespace outboxd::outbox_table {

/// Adds the statements that find and remove published rows, where the table's shape says when a row was published.
void add_pruning(const LayoutSql& sql, const TableShape& shape, Layout& layout);

}  // namespace outboxd::outbox_table
