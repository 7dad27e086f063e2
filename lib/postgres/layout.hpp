// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outboxd::postgres {

/// A column that a layout reads or writes.
struct LayoutColumn {
  std::string_view name;
  bool written = false;
};

/// A table's shape as the SQL that drives it: a value, one for each kind of table. Parameters are numbered as said;
/// $streams is an array of the streams to look at, or NULL for all.
struct Layout {
  std::vector<LayoutColumn> columns;
  /// $1 limit, $2 worker, $3 lease in milliseconds, $4 due by (timestamptz or NULL for now), $5 streams,
  /// $6 largest payload in bytes, $7 most attempts: beyond them the payload is left out.
  /// Leaves out suspects. Returns id, stream, payload, attempt, lease, claimed at, payload's bytes, in publishing
  /// order; when nothing is due, one line in which all but "claimed at" is NULL.
  std::string claim;
  /// The same, without the rows whose ids are in $8.
  std::string claim_others;
  /// The same, of the rows whose ids are in $8 alone, suspects or not.
  std::string claim_these;
  /// As claim_these, and $3 is the end of the lease.
  std::string claim_these_until;
  /// Looks what a claim would take. $1 limit, $2 lease in milliseconds, $3 due by, $4 streams, $5 ids to leave out,
  /// $6 most attempts.
  /// Returns id, the end of a lease from now on, and the time, in publishing order.
  std::string due_ids;
  /// Gives back rows that worker $1 has leased without ever learning of it, their attempt included: leases other than
  /// $2, among the rows due first. $3 streams.
  std::string free_unknown_leases;
  /// Reads the payload of $1, unless it is larger than $2 bytes.
  std::string read_payload;
  /// Declares $1 dead with the error $2, unless it is leased, locked or published.
  std::string bury;
  /// Marks rows published. $1 ids, $2 worker, $3 lease.
  std::string mark_published;
  /// Writes outcomes of any kind. $1 ids, $2 worker, $3 lease, $4 verdicts, $5
  /// delays in microseconds (0: keep the time), $6 errors (NULL: keep the error).
  std::string settle;
  /// As settle, but skips rows that others have locked.
  std::string settle_unlocked;
  /// Of the rows $1, those that worker $2 holds by the lease $3.
  std::string still_ours;
  /// Workers of outboxd that hold leases among the rows due first, and whose sessions are gone. $1 our own worker,
  /// $2 streams.
  std::string gone_workers;
  /// Ends the leases of $1 workers among the rows due first; their attempts stay counted. $2 streams.
  std::string free_leases;
  /// Due rows that may be what their dispatchers died of: claimed more than once, and the last claim had no outcome.
  /// Ids, those with the fewest attempts first. $1 most attempts, $2 streams, $3 due by.
  std::string suspects;
  /// $1 due by, $2 streams, $3 cap. Returns pending, dead, due, age of the oldest pending row in milliseconds.
  std::string sample;
};

/// The contract's `event_outbox`. `table` is quoted SQL. `ctid_names_rows`: the table is a plain one, in which a
/// row's physical place names it for as long as it is locked; that is faster than by id.
[[nodiscard]] Layout event_outbox_layout(const std::string& table, bool ctid_names_rows);

}  // namespace outboxd::postgres
