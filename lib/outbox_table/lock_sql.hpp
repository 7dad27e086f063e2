// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"

namespace outboxd::outbox_table {

class LayoutSql;

/// Adds the statements that find locks of other sessions, and their holders. Beside every layout's placeholders,
/// `sql` has `free`, a condition for rows that may be claimed.
void add_locks(const LayoutSql& sql, const LayoutTerms& terms, Layout& layout);

}  // namespace outboxd::outbox_table
