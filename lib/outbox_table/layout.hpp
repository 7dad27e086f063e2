// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/table_shape.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::outbox_table {

/// The configuration and facts that one dispatcher's SQL needs beside the table's shape.
struct LayoutTerms {
  /// Quoted SQL, with its schema.
  std::string table{};
  /// The table is an ordinary one, so that a row's physical place identifies it as long as it is locked; that is
  /// faster than its id.
  bool ctid_names_rows = false;
  /// SQL types, as the catalog prints them where only pg_catalog is in the search path.
  std::string id_type = "text";
  std::string payload_type = "jsonb";
  std::string status_type = "text";
  std::string attempts_type = "integer";
  std::string last_error_type = "text";
  /// The operators that compare two ids, or two states, for equality: "=" is pg_catalog's.
  std::string id_equals = "=";
  std::string status_equals = "=";
  /// The operator by which one id comes after another, in the order of its index.
  std::string id_greater = ">";
  /// Only rows of these streams; empty: all.
  std::vector<std::string> streams{};
  /// The table has an index by stream and time: rows of a few streams are found without stepping over others.
  bool has_stream_index = false;
  /// No rows of these streams.
  std::vector<std::string> exclude_streams{};
  /// Only rows of this producer; empty: all.
  std::string producer{};
  /// The worker's name in `locked_by`: unique among all dispatchers of the table.
  std::string worker{};
  /// The worker's earlier names, under which rows may still be leased.
  std::vector<std::string> earlier_workers{};
  std::chrono::milliseconds lease{30'000};
  /// Larger payloads, and payloads of rows beyond the last attempt, are not fetched.
  std::uint64_t max_payload_bytes = 16ULL << 20U;
  std::uint32_t max_attempts = 100;
  /// The total size of the payloads and names of one claim; the first row always fits.
  std::uint64_t batch_bytes = 8ULL << 20U;
};

/// The statements by which one dispatcher uses one table: a value. An empty statement means that the table's shape
/// doesn't need it. Ids are a text array's literal; `due by` is a timestamptz, or NULL for the time of the claim;
/// `from` is a timestamptz, and the index is entered a margin below it; streams to leave out are a text array.
struct Layout {
  /// Each claim counts as an attempt, even without an outcome.
  bool claims_count = true;
  /// $1 limit, $2 due by, $3 from, $4 streams to leave out. Leaves out poison candidates. Returns columns by these
  /// names: id, stream, payload, attempt, lease, claimed_at, any_due, payload_bytes, dedupe_key, to_read; waited_ms,
  /// as Row::waited; id_bytes,
  /// stream_bytes and dedupe_key_bytes, where these were cut because they are too long, and the row's place, if its
  /// id was. The first line has only lease, claimed_at and any_due: whether any rows are due from there on, leased or
  /// not. The rows follow in publishing order. A row whose payload is to_read is too large for its share of the
  /// claim. Its lease is set where it differs from the first line's, and is -infinity where it isn't this worker's,
  /// or is over. Where rows were locked and not changed, all locked rows come last, with their ids alone.
  std::string claim;
  /// The same, without the rows whose ids are in $3; $4 is from, $5 streams to leave out.
  std::string claim_others;
  /// The same, but only for the rows whose ids are in $3, poison candidates or not.
  std::string claim_these;
  /// As claim_these, and $4 is the end of the lease.
  std::string claim_these_until;
  /// Finds the rows that the next claims will take, as text: rows' places, or ids where places don't name rows. $1
  /// limit, $2 due by, $3 from, $4 streams to leave out. In publishing order. One line has a second column: since
  /// when the first of these rows in the index is due.
  std::string claim_window;
  /// As claim, but only for the rows that claim_window has named in $3, without searching. $4 streams to leave out.
  std::string claim_places;
  /// The same, for the rows whose ids are in $3.
  std::string claim_overlooked;
  /// Due rows that claims from $2 on miss, except poison candidates: ids, and since when each is due, in the order in
  /// which they are due. An id that is too long is NULL. $1 limit, $3 from, $4 streams to leave out.
  std::string overlooked;
  /// Finds the rows that a claim would take. $1 limit, $2 due by, $3 ids to leave out, $4 from, $5 streams to leave
  /// out. Returns ids in publishing order.
  std::string due_ids;
  /// Gives back rows that this worker has leased without having received the answer, including their attempt: leases
  /// other than $1 (an array), among the rows due first.
  std::string release_orphaned_leases;
  /// Puts leases of this worker's earlier names, among the rows due first, under its present name.
  std::string rename_leases;
  /// Reads the payloads of the rows $1 that the lease $2 still holds, in that order: id, payload, and oversize_bytes
  /// where the payload is too large. A row with neither exceeds what a batch holds.
  std::string read_payloads;
  /// Reads the payload of $1, unless it is too large.
  std::string read_payload;
  /// Declares $1 dead with the error $2, unless it is leased, locked or published.
  std::string mark_dead;
  /// Declares the row in the place $1 dead with the error $2, if it has the lease $3 and its id is too long to name
  /// it.
  std::string mark_nameless_dead;
  /// For tables whose ids may be of any length: declares due rows dead whose ids are too long to compare them, which
  /// claims leave out. $1 the largest number of rows, $2 the error. Returns the id's beginning, and its size in
  /// bytes.
  std::string mark_due_nameless_dead;
  /// Marks rows published. $1 ids, $2 lease. Returns a line for each row that was written: its id where the row does
  /// not hold what was written, otherwise NULL. The next two statements do so as well.
  std::string mark_published;
  /// Writes outcomes of any kind. $1 ids, $2 lease, $3 verdicts, $4 delays in microseconds (0: keep the time), $5
  /// errors (NULL: keep the error).
  std::string settle;
  /// As settle, but skips rows that other sessions have locked.
  std::string settle_unlocked;
  /// The ids among $1 that the lease $2 still holds.
  std::string still_leased;
  /// Two columns, one of them NULL: workers of outboxd that hold leases among the rows due first, and whose sessions
  /// are gone; and the ids of poison candidates, as below. $1 due by, $2 from; $3 further workers to look for.
  std::string scan_leases;
  /// Ends the leases of $1 workers among the rows due first; their attempts stay counted.
  std::string release_leases;
  /// Due rows that may have killed their dispatchers: claimed more than once, the last time without an outcome. Ids,
  /// fewest attempts first. $1 due by.
  std::string poison_candidates;
  /// $1 due by, $2 cap. Returns the columns of dispatch::BacklogSample; oldest_pending_ms, how long the oldest due
  /// row has been due; and oldest_dead_ms, how old the oldest dead row is.
  std::string sample;
  /// Whether this role may lock and remove rows (may_delete), in a line for each row that is pending, due for more
  /// than $1 milliseconds, and was created before that (id), or in one line without id: those of the rows $2 that
  /// are, and at most a thousand each of those due first and last. Like the next three statements only for shapes
  /// that say when a row was published.
  std::string prune_state;
  /// The first rows in the order of their ids, except those whose ids are too long. $1 limit, $2 for how many
  /// milliseconds rows are kept. Returns id, is_old (published longer ago), is_young (created since then), and
  /// created_ms, since 1970.
  std::string prunable;
  /// The same, for the rows after the id $3.
  std::string prunable_after;
  /// Removes those of the rows $1 that are old, as above, and not locked. $2 as above. Returns a line for each row
  /// that was removed.
  std::string prune;
  /// Rows that have been due for more than ten seconds and that other transactions have locked: ids, at most a
  /// hundred. Locks a few other rows for the duration of the statement.
  std::string locked_rows;
  /// The same by reading alone, which misses some rows.
  std::string seen_locked_rows;
  /// The transactions that keep the rows $1 locked, oldest first: the transaction, and a readable description.
  std::string row_holders;
  /// The same for sessions that keep all others from claiming; and how: a session "holds" a lock on the table,
  /// "waits" for it, or "blocks" a session that waits.
  std::string table_holders;
};

/// The dispatcher takes so few named streams that each can be searched by itself.
[[nodiscard]] bool takes_few_streams(const LayoutTerms& terms);

/// Claims search each stream by itself, by the table's index.
[[nodiscard]] bool finds_each_stream(const LayoutTerms& terms);

[[nodiscard]] Layout make_layout(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
