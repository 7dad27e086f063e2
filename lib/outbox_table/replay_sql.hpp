// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "outbox_table/table_shape.hpp"

#include <string>

namespace outboxd::outbox_table {

/// The column that says when a row was published: the layout's own one, else that of its last change, its creation,
/// or the time from which it was due.
[[nodiscard]] std::string published_time_column(const TableShape& shape);

/// The statements of `outboxd replay`, which only read. Of the dispatcher's rows they see those that were published:
/// none that is pending, leased, dead or discarded, except where `ids` says so.
///
/// Those with a filter take it as their first parameters: $1 a stream; $2 a time from which on, and $3 one before
/// which the row was published; $4 ids, a text array; $5 to $9 the place after which to begin: published, due, id,
/// part, place, as `window` and `place` return them. NULL: any; only $1 is always there.
struct ReplaySql {
  /// rows, nameless (their ids are too long to name them), oldest, newest.
  std::string chosen;
  /// The next rows in the order in which they were published: id, published, due, and the part (partition) and place
  /// (ctid) that tell rows with the same id apart. $10 limit. Rows without a time of publishing come first.
  std::string window;
  /// Of the streams $1, a text array: stream; known: the dispatcher's rows have it, in whatever state; oldest: since
  /// when its published rows are kept; untimed: how many of them have no time of publishing.
  std::string streams;
  /// Of the rows $1: id (as asked for), stream, and their state, "published", "dead", "discarded", "pending" or
  /// "foreign" (not the dispatcher's).
  std::string ids;
  /// The places of the published rows with the id $1, in their order: stream, published, due, part, place.
  std::string place;
  /// Of the rows with the ids $1, in the parts $3 and the places $4 (arrays), of the stream $2, in that order: what
  /// Layout::read_payloads returns; n, each one's number in the arrays, from 1 on; dedupe_key (its beginning if it is
  /// too long; NULL if there is none), dedupe_key_bytes. One statement, so that a row is either whole or gone.
  std::string payloads;
};

[[nodiscard]] ReplaySql make_replay_sql(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
