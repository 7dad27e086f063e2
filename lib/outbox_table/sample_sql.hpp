// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::outbox_table {

class LayoutSql;
struct TableShape;

/// Layout::sample. Beside every layout's placeholders, `sql` has: `is_free`, whether no lease
/// keeps a row from being claimed; `tried`, whether a row was tried before, so that its `available_at` is a retry's;
/// `delayed_from`, the time from which a row that was never tried is delayed rather than in flight.
[[nodiscard]] std::string sample_sql(const LayoutSql& sql, const TableShape& shape);

}  // namespace outboxd::outbox_table
