// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "outbox_store/snapshot_holder.hpp"
#include "outbox_table/catalog_facts.hpp"
#include "outbox_table/inspect.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon::doctor {

/// A part of the facts, or the reason why it can't be known.
template <class T>
struct Part {
  std::optional<T> known{};
  std::string why_not{};
};

/// The server, and this role's session.
struct ServerFacts {
  int version_number = 0;
  std::string version{};
  std::string role{};
  bool is_superuser = false;
  /// One that can log in, and isn't a managed service's own; empty if there is none.
  std::string superuser{};
  bool sees_all_sessions = false;
  bool in_recovery = false;
  /// The settings as a new session of this role gets them.
  std::string read_only{};
  std::string synchronous_commit{};
  std::string fsync{};
  std::string full_page_writes{};
  std::string autovacuum{};
  std::string track_counts{};
  /// How many more sessions this role can open.
  std::int64_t slots = 0;
  std::int64_t slots_left = 0;
  std::string tls{};
  bool local = false;
};

/// A session or prepared transaction that keeps others from the table.
struct LockFacts {
  /// "holds", "waits", "blocks", as in Layout::table_holders.
  std::string how{};
  std::string who{};
};

/// The table's rows, by bounded counts.
struct RowFacts {
  dispatch::BacklogSample backlog{};
  std::vector<outbox_table::LeaseFact> workers{};
  std::vector<std::string> streams{};
  /// Why the workers, the streams or the locked rows are missing.
  std::string why_incomplete{};
};

/// A session that calls itself outboxd.
struct SessionFacts {
  std::string pid{};
  std::string role{};
  std::string client{};
};

/// The settings of the dispatcher that matter here.
struct DispatcherFacts {
  std::string name{};
  /// As configured.
  std::string table{};
  outbox_table::TableShape shape{};
  std::chrono::milliseconds lease{0};
  /// As in Settings.
  std::vector<std::string> streams{};
  std::vector<std::string> exclude_streams{};
  bool takes_few_streams = false;
  bool deletes_published_rows = false;
};

/// What Postgres answered about one dispatcher's table.
struct PostgresFacts {
  DispatcherFacts dispatcher{};
  /// The address without secrets, and `psql` with it.
  std::string server{};
  std::string psql = "psql";
  /// The role of postgres.url; empty where that doesn't name one.
  std::string user{};
  /// Why it can't be asked, and the SQLSTATE; all other facts are missing then.
  std::string unreachable{};
  std::string sqlstate{};
  bool pooled = false;
  Part<ServerFacts> settings{};
  /// Its clock minus ours.
  Part<std::chrono::milliseconds> clock_ahead{};
  Part<outbox_table::TableReport> table{};
  Part<std::vector<outbox_table::IndexFact>> indexes{};
  Part<std::vector<outbox_table::TriggerFact>> triggers{};
  Part<outbox_table::StorageFacts> storage{};
  Part<std::vector<outbox_table::NamesakeFact>> namesakes{};
  Part<outbox_store::SnapshotHolds> snapshots{};
  Part<std::vector<LockFacts>> locks{};
  Part<RowFacts> rows{};
  Part<std::vector<SessionFacts>> sessions{};

  /// The table's name with its schema where it was found, otherwise as configured.
  [[nodiscard]] std::string table_name() const {
    return table.known && !table.known->table.empty() ? table.known->table : dispatcher.table;
  }
  /// This statement as a command of a role that may run it: the daemon's own, the table's owner, or a superuser.
  [[nodiscard]] std::string as_daemon(const std::string& sql) const;
  [[nodiscard]] std::string as_owner(const std::string& sql) const;
  [[nodiscard]] std::string as_superuser(const std::string& sql) const;
};

/// The table in the subject of a finding, with its dispatcher.
[[nodiscard]] std::string subject_of(const PostgresFacts& facts);

}  // namespace outboxd::daemon::doctor
