// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/table_shape.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::outbox_table {

/// What one dispatcher's SQL holds beside the table's shape.
struct LayoutTerms {
  /// Quoted SQL, with its schema.
  std::string table{};
  /// The table is a plain one, in which a row's physical place names it for as long as it is locked; that is faster
  /// than by id.
  bool ctid_names_rows = false;
  /// SQL types, as the catalog prints them where only pg_catalog is in the search path.
  std::string id_type = "text";
  std::string payload_type = "jsonb";
  std::string status_type = "text";
  std::string attempts_type = "integer";
  std::string last_error_type = "text";
  /// The operators that say whether two ids, or two states, are equal: "=" is that of pg_catalog.
  std::string id_equals = "=";
  std::string status_equals = "=";
  /// Only rows of these streams; empty: all.
  std::vector<std::string> streams{};
  /// The table has an index by stream and time: rows of each of a few streams are found without passing others.
  bool has_stream_index = false;
  /// Never rows of these.
  std::vector<std::string> exclude_streams{};
  /// Only rows of this producer; empty: all.
  std::string producer{};
  /// Who we are in `locked_by`: unique among all dispatchers of the table.
  std::string worker{};
  /// Names that it had before, under which rows may still be leased.
  std::vector<std::string> earlier_workers{};
  std::chrono::milliseconds lease{30'000};
  /// Payloads beyond this, and those of rows beyond the last attempt, are not fetched.
  std::uint64_t max_payload_bytes = 16ULL << 20U;
  std::uint32_t max_attempts = 100;
  /// Payloads and names of one claim, together; the first row always fits.
  std::uint64_t batch_bytes = 8ULL << 20U;
};

/// The SQL verbs that drive one table for one dispatcher: a value. An empty verb means that the table's shape leaves
/// nothing to be done. Ids are a text array's literal; `due by` is a timestamptz, or NULL for the moment of the
/// claim; `from` a timestamptz, a margin below which is where the index is entered; streams to leave out a text
/// array.
struct Layout {
  /// Each claim counts as an attempt, also one without an outcome.
  bool claims_count = true;
  /// $1 limit, $2 due by, $3 from, $4 streams to leave out. Leaves out suspects. Returns columns by these
  /// names: id, stream, payload, attempt, lease, claimed_at, any_due, payload_bytes, dedupe_key, to_read; id_bytes,
  /// stream_bytes and dedupe_key_bytes, where these are cut as they are too long, and the row's place, if its id is.
  /// First comes a line with lease, claimed_at and any_due alone: whether any rows are due from there on, leased or
  /// not; then the rows in publishing order. A row whose payload is to_read is too large for its share of the claim.
  /// Its lease is told where it is another one than that of the first line, and is -infinity where it isn't ours, or
  /// is over. Where rows were locked and not changed, all that were locked come last: an id, and nothing else.
  std::string claim;
  /// The same, without the rows whose ids are in $3; $4 is from, $5 streams to leave out.
  std::string claim_others;
  /// The same, of the rows whose ids are in $3 alone, suspects or not.
  std::string claim_these;
  /// As claim_these, and $4 is the end of the lease.
  std::string claim_these_until;
  /// What the claims after this one will take, as text: rows' places, or ids where those don't name rows. $1 limit,
  /// $2 due by, $3 from, $4 streams to leave out. In publishing order. One line has in a second column since when the
  /// first of them in the index is due.
  std::string claim_window;
  /// As claim, of the rows named $3 by claim_window alone, without looking for them. $4 streams to leave out.
  std::string claim_places;
  /// The same, of the rows whose ids are in $3.
  std::string claim_overlooked;
  /// Due rows that claims from $2 on don't see, but for suspects: ids, and since when each is due, those due first
  /// before others. An id that is too long is NULL. $1 limit, $3 from, $4 streams to leave out.
  std::string overlooked;
  /// Looks what a claim would take. $1 limit, $2 due by, $3 ids to leave out, $4 from, $5 streams to leave out.
  /// Returns ids in publishing order.
  std::string due_ids;
  /// Gives back rows that this worker has leased without ever learning of it, their attempt included: leases other
  /// than $1 (an array), among the rows due first.
  std::string release_orphaned_leases;
  /// Leases of this worker's earlier names among the rows due first go on under its present name.
  std::string rename_leases;
  /// Reads the payloads of the rows $1 that are still ours by the lease $2, in that order: id, payload, and
  /// oversize_bytes where it is too large. What has neither is more than a batch holds.
  std::string read_payloads;
  /// Reads the payload of $1, unless it is too large.
  std::string read_payload;
  /// Declares $1 dead with the error $2, unless it is leased, locked or published.
  std::string mark_dead;
  /// Declares the row in the place $1 dead with the error $2, if it has the lease $3 and its id is too long to name
  /// it.
  std::string mark_nameless_dead;
  /// Where rows are named by ids that may be of any length: declares due rows dead whose ids are too long to compare
  /// them, which claims leave out. $1 most of them, $2 the error. Returns the id's beginning, and its bytes.
  std::string mark_due_nameless_dead;
  /// Marks rows published. $1 ids, $2 lease. Returns a line for each row that was written, with its id where it is
  /// not what was written of it, and else NULL; so do the next two.
  std::string mark_published;
  /// Writes outcomes of any kind. $1 ids, $2 lease, $3 verdicts, $4 delays in microseconds (0: keep the time), $5
  /// errors (NULL: keep the error).
  std::string settle;
  /// As settle, but skips rows that others have locked.
  std::string settle_unlocked;
  /// Of the rows $1, those that are still ours by the lease $2.
  std::string still_leased;
  /// Two columns, one of them NULL: workers of outboxd that hold leases among the rows due first, and whose sessions
  /// are gone; and the suspects' ids, as below. $1 due by, $2 from; $3 further workers to be looked for.
  std::string scan_leases;
  /// Ends the leases of $1 workers among the rows due first; their attempts stay counted.
  std::string release_leases;
  /// Due rows that may be what their dispatchers died of: claimed more than once, and the last claim had no outcome.
  /// Ids, those with the fewest attempts first. $1 due by.
  std::string poison_candidates;
  /// $1 due by, $2 cap. Returns pending, dead, due, delayed, and oldest_pending_ms: for how long the row that has
  /// waited longest has been due.
  std::string sample;
  /// $1 cap. Returns leased, and in_retry: waiting for a further attempt.
  std::string in_flight_sample;
  /// Rows that are due for more than ten seconds, and that other transactions have locked: ids, at most a hundred.
  /// Locks a few of those that aren't, for as long as it takes.
  std::string locked_rows;
  /// The same by reading alone, which doesn't find all.
  std::string seen_locked_rows;
  /// Whose transactions keep the rows $1 locked, those begun first before others: their transaction, and who
  /// that is, for people.
  std::string row_holders;
  /// The same of those who keep all others from claiming; and how: one "holds" a lock on the table,
  /// "waits" for it, or "blocks" one that waits.
  std::string table_holders;
};

/// Of so few streams, which have to be named, that each can be looked for by itself.
[[nodiscard]] bool takes_few_streams(const LayoutTerms& terms);

/// Claims look for each stream by itself, by the table's index.
[[nodiscard]] bool finds_each_stream(const LayoutTerms& terms);

[[nodiscard]] Layout make_layout(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
