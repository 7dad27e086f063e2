// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::outbox_table {

class LayoutSql;

/// Layout::sample. Beside every layout's placeholders, `sql` has: `is_free`, a further condition for rows that no
/// lease keeps from being claimed; `tried`, whether a row was tried before, so that its `available_at` is a retry's;
/// `delayed_from`, the time from which a row that was never tried is delayed rather than in flight.
[[nodiscard]] std::string sample_sql(const LayoutSql& sql);

}  // namespace outboxd::outbox_table
