// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout_sql.hpp"

namespace outboxd::outbox_table {

/// Adds the parts that bound the result of a claim before it is sent: {row_returned}, {id_fits}, {and_named},
/// {id_order} and {read_payload} for the statements of a layout, and the placeholders that claimed_sql() needs.
///
/// A payload is rendered as text only where its size, as Postgres stores it, allows that. Names (id, stream, dedupe
/// key) longer than entry::kMaxNameBytes are cut, and their size is returned.
void set_claimed(LayoutSql& sql, const LayoutTerms& terms);

/// The end of a claim, after the CTEs `locked` (`place` and `id` of the rows to be claimed) and `claimed`, whose
/// columns are those of {row_returned}, `attempt`, `lease`, and `order_time`, by which rows are sorted, and then by
/// id. `sql` has {any_due}.
[[nodiscard]] std::string claimed_sql(const LayoutSql& sql);

/// Layout::read_payloads; `sql` has {ours}. Where ids don't name rows, it also has {asked}, the rows that are asked
/// for (joined to the table, as `o`), with {number} and {is_first}; {also_read}, {also_kept} and {also} carry further
/// columns through it.
[[nodiscard]] std::string read_payloads_sql(const LayoutSql& sql);

/// Layout::mark_due_nameless_dead; `sql` has {free}, the rows that may be claimed now, and `ends_lease` ends its SET
/// list.
[[nodiscard]] std::string mark_due_nameless_dead_sql(const LayoutSql& sql, const LayoutTerms& terms,
                                                     std::string_view ends_lease);

/// A statement that returns many rows' places, changed so that it returns none if they exceed a few megabytes.
[[nodiscard]] std::string bounded_places(std::string statement, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
