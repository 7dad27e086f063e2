// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::outbox_table {

class LayoutSql;

/// What Layout::sample is. `sql` has, beside what every layout has: `is_free`, a condition to be added for rows that
/// may be claimed as far as leases go; `tried`, whether a row was tried before, so that its `available_at` is that of
/// a retry; `delayed_from`, the time from which a row that was never tried is not in hand, but delayed.
[[nodiscard]] std::string sample_sql(const LayoutSql& sql);

}  // namespace outboxd::outbox_table
