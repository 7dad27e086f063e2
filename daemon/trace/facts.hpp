// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/signatures/judge.hpp"
#include "daemon/signatures/signature_report.hpp"
#include "redis/stream_info.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon::trace {

// What both servers say of one event, as plain data: `read_*` fill it in, and everything else is made of it alone.

using Milliseconds = std::chrono::milliseconds;

/// A time in a row, by Postgres' clock.
struct Moment {
  /// In UTC, or "infinity"; empty: NULL, or there is no such column.
  std::string text{};
  /// Since 1970; empty for an infinite time.
  std::optional<Milliseconds> since_epoch{};
};

/// A configured dispatcher of a row's table.
struct DispatcherOfTable {
  std::string name;
  /// Its streams and its producer include the row.
  bool takes_row = false;
  std::uint32_t max_attempts = 0;
  Milliseconds lease{0};
};

/// Whether a worker still holds the lock by which it shows that it lives.
enum class Holder { unknown, lives, gone };

struct RowFacts {
  /// With its schema, as quoted SQL.
  std::string table;
  std::vector<DispatcherOfTable> dispatchers{};
  bool has_lease_columns = true;
  std::string id{};
  std::string stream{};
  std::string producer{};
  std::optional<std::string> dedupe_key{};
  /// The column of states, where the layout has one.
  std::string status{};
  bool is_pending = false;
  bool is_dead = false;
  bool is_published = false;
  std::uint64_t attempts = 0;
  Moment created{};
  Moment due{};
  Moment published{};
  Moment leased_until{};
  std::string leased_by{};
  Holder holder = Holder::unknown;
  /// The transactions of other sessions that keep the row locked.
  std::vector<std::string> locked_by{};
  std::optional<std::string> last_error{};
  /// As text; empty: not measured.
  std::optional<std::uint64_t> payload_bytes{};
  /// Only if it was asked for, and isn't too large.
  std::optional<std::string> payload{};
  /// Why it is not measured, or not shown although it was asked for.
  std::string why_no_payload{};
  /// Postgres' clock when the row was read, since 1970.
  Milliseconds now{0};
  /// How far that clock was ahead of this machine's.
  Milliseconds clock_ahead{0};
};

/// A pending entry of a group.
struct PendingDelivery {
  /// Empty: no consumer has it (XNACK).
  std::string consumer{};
  std::optional<Milliseconds> idle{};
  std::uint64_t deliveries = 0;
};

/// A consumer group as seen from one entry.
struct GroupFacts {
  redis::Group group;
  /// Set if the entry is pending in it.
  std::optional<PendingDelivery> pending{};
  /// Why it is not known whether it is pending; empty if it is.
  std::string why_unknown{};
};

struct EntryFacts {
  std::string id{};
  std::string outbox_id{};
  /// Empty if there is no key to check with.
  std::optional<Judgement> judgement{};
  std::vector<GroupFacts> groups{};
};

/// How far the search in a stream came.
struct SearchFacts {
  /// The lowest id that was searched, in XRANGE's notation.
  std::string from = "-";
  std::uint64_t entries_read = 0;
  /// Why it ended early; empty: everything from there on was searched.
  std::string why_incomplete{};
  /// Further entries that have the id.
  std::uint64_t unlisted = 0;
};

struct StreamFacts {
  /// Without secrets.
  std::string server{};
  std::string stream{};
  /// Why nothing is known of it: no answer, or a key of another type.
  std::string problem{};
  bool is_missing = false;
  SearchFacts search{};
  std::vector<EntryFacts> entries{};
  std::optional<redis::StreamInfo> info{};
  std::string why_no_info{};
  std::optional<std::vector<redis::Group>> groups{};
  std::string why_no_groups{};
  /// Redis' clock, since 1970, and how far it was ahead of this machine's; empty where TIME is refused.
  std::optional<Milliseconds> now{};
  std::optional<Milliseconds> clock_ahead{};
};

/// One row, with the streams in which its entries were searched; or no row, only streams.
struct Story {
  std::optional<RowFacts> row{};
  std::vector<StreamFacts> streams{};
};

struct Facts {
  std::string id{};
  std::vector<Story> stories{};
  /// The keys that signatures were checked with.
  std::vector<CountedKey> keys{};
  /// What could not be looked at, with the reason and the remedy.
  std::vector<std::string> unknown{};
  /// Some server did not answer.
  bool is_unreachable = false;
  /// Some table could not be searched.
  bool is_partial = false;
};

/// Whether anything was found.
[[nodiscard]] bool is_found(const Facts& facts);

/// 0 found; 1 not found; 3 a server did not answer, or it was not found and not everything could be searched.
[[nodiscard]] int exit_status_of(const Facts& facts);

}  // namespace outboxd::daemon::trace
