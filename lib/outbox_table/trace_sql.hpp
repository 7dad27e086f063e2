// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "outbox_table/table_shape.hpp"

#include <string>

namespace outboxd::outbox_table {

/// The statements of `outboxd trace`, which read whole rows, whichever stream or producer they are of. The first two
/// return at most 21 rows: id, stream, producer, dedupe_key, status, is_pending, is_dead, is_published, attempts,
/// now_ms; for each of created, due, published and leased_until the time as a text in UTC and as X_ms, milliseconds
/// since 1970, which is NULL for an infinite time; leased_by, holder_is_gone (NULL: not a worker of outboxd),
/// last_error. NULL where the shape has no such column. Nothing in them depends on the payload, which may be one that
/// Postgres can't print.
struct TraceSql {
  /// Returns a line if the text $1 is of the id's type; otherwise it is an error of class 22, or of a domain's rule.
  std::string is_id;
  /// The rows with the id $1, which must be of the id's type.
  std::string by_id;
  /// The rows with the dedupe key $1; empty where the shape has none.
  std::string by_dedupe_key;
  /// Of the rows with the id $1 and the stream $2, of which the first $3 are left out, the next one's payload: bytes,
  /// NULL if it is over what a dispatcher publishes; bound, that size; payload, unless it has more than $4 bytes.
  std::string payload;
  /// Returns a line if a transaction of another session has locked a row with the id $1, as far as reading shows it.
  std::string is_locked;
};

[[nodiscard]] TraceSql make_trace_sql(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
