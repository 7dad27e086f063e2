// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/claim_thread.hpp"
#include "outbox_store/prune_thread.hpp"
#include "outbox_store/row_store_options.hpp"
#include "outbox_store/settle_thread.hpp"
#include "outbox_store/watch_thread.hpp"
#include "outbox_table/inspect.hpp"
#include "outbox_table/table_driver.hpp"
#include "postgres/session.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// An outbox table in Postgres. It has three sessions, so that claims and settlements run at the same time, and
/// neither waits for counting; and a fourth where old published rows are removed.
class RowStore final : public dispatch::RowSource,
                       public dispatch::OutcomeSink,
                       public dispatch::Housekeeping,
                       public dispatch::CommitNotifier,
                       public dispatch::BacklogProbe,
                       public dispatch::Retention {
 public:
  /// Throws std::invalid_argument for an invalid table name.
  explicit RowStore(const RowStoreOptions& options);

  /// Checks the table and this role's rights, and builds the table's SQL. To be called before any other function.
  dispatch::Awaitable<dispatch::StoreResult<outbox_table::TableReport>> inspect();

  /// As Session::use_conninfo(), for all sessions.
  void use_conninfo(const std::string& conninfo);

  dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> claim(dispatch::ClaimRequest request) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> settle(
      const dispatch::Settlement& settlement) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::LeaseScan>> scan(std::vector<std::string> known,
                                                                       std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<bool>> end_leases_of(std::vector<std::string> workers) override;
  dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> poison_candidates(std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> sample(std::string due_by) override;
  /// Only where `retention` is set.
  dispatch::Awaitable<dispatch::StoreResult<dispatch::PruneStep>> prune() override;
  [[nodiscard]] std::chrono::milliseconds age() const override { return retention_; }
  dispatch::Awaitable<dispatch::WakeUps> arm_wake_ups() override;
  dispatch::Awaitable<void> disarm_wake_ups() override;
  dispatch::Awaitable<void> notify_on_commit(std::function<void()> notify) override;
  void stop_notifying() override { claims_.stop_notifying(); }

 private:
  void pass_on(const std::vector<std::string>& warnings) const;
  /// Remembers rows that are due again at once at their old time, which may lie below the mark.
  void remember_released(const dispatch::Settlement& settlement);

  /// Shared by the three threads.
  outbox_table::TableDriver table_;
  std::function<void(const std::string&)> warn_;
  /// Rows for the next claim.
  Overlooked overlooked_;
  /// Where the next claim looks, as of the last claim.
  Watch::Claimed claimed_;
  postgres::Session<ClaimThread> claims_;
  postgres::Session<SettleThread> settles_;
  postgres::Session<WatchThread> watches_;
  std::chrono::milliseconds retention_;
  std::optional<postgres::Session<PruneThread>> prunes_;
};

}  // namespace outboxd::outbox_store
