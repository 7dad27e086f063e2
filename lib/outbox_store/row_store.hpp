// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/claims.hpp"
#include "outbox_store/commit_watch.hpp"
#include "outbox_store/locked_rows.hpp"
#include "outbox_store/watch.hpp"
#include "outbox_store/worker_lock.hpp"
#include "outbox_table/inspect.hpp"
#include "outbox_table/layout.hpp"
#include "outbox_table/table_driver.hpp"
#include "postgres/session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

struct RowStoreOptions {
  postgres::SessionOptions session;
  /// As people write it: `event_outbox` or `schema.table`.
  std::string table;
  outbox_table::TableShape shape = outbox_table::event_outbox_shape();
  /// What its SQL holds; the table's own part of it is found by looking.
  outbox_table::LayoutTerms terms{};
  /// The longest time between two claims, as far as nothing goes wrong.
  std::chrono::milliseconds poll_interval{250};
  /// Told, on the event loop, what an operator should know; may be empty.
  std::function<void(const std::string&)> warn{};
};

/// An outbox table in Postgres. Three sessions, so that a claim and a settlement run at the same time, and neither
/// waits for counting.
class RowStore final : public dispatch::RowSource,
                       public dispatch::OutcomeSink,
                       public dispatch::Housekeeping,
                       public dispatch::CommitNotifier,
                       public dispatch::BacklogProbe {
 public:
  /// Throws std::invalid_argument for a table name that can't be one.
  explicit RowStore(const RowStoreOptions& options);

  /// Checks the table and this role's rights, and learns how to drive it. To be called before anything else.
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
  dispatch::Awaitable<dispatch::WakeUps> arm_wake_ups() override;
  dispatch::Awaitable<void> disarm_wake_ups() override;
  dispatch::Awaitable<void> ring_for_rows(std::function<void()> ring) override;
  void stop_ringing() override { claims_at_.session.stop_ringing(); }

 private:
  /// A session of ours, and the worker's locks that it holds; these are touched on its thread alone.
  struct Seat {
    postgres::Session session;
    WorkerLock lock{};
  };

  /// Work that drives the table; with another driver where the table proves to have changed. `failed` says of what
  /// the work returns whether it may be for such a change.
  template <class Work, class Failed>
  auto driving(Seat& seat, Work work, Failed failed);
  template <class Work>
  auto driving(Seat& seat, Work work);
  /// On the claim thread.
  void keep_a_name(postgres::Statements& statements);
  /// On the settle thread.
  dispatch::Settled settle(postgres::Statements& statements, const outbox_table::Driver& driver,
                           const dispatch::Settlement& settlement);
  void remember_released(const dispatch::Settlement& settlement);
  void pass_on_warnings();

  outbox_table::TableDriver table_;
  std::function<void(const std::string&)> warn_;
  /// Touched on the claim thread, and on the event loop while no work runs there.
  std::vector<std::string> warnings_;
  /// Touched on the claim thread alone.
  Claims claims_;
  /// Touched on the claim thread alone.
  CommitWatch commits_;
  /// Of the claim session; touched on the claim thread alone.
  std::uint64_t claims_on_connection_ = 0;
  /// Touched on the watch thread alone.
  Watch watch_;
  /// Touched on the watch thread alone.
  LockedRowsLook locked_rows_;
  // Touched on the event loop alone:
  /// For the next claim.
  Overlooked overlooked_;
  /// Where the last claim says that the next one begins; empty: at the start.
  std::string mark_;
  /// Streams that the last claim was to leave out.
  std::vector<std::string> except_streams_;
  /// When the table was last looked up; touched on the watch thread alone.
  std::chrono::steady_clock::time_point inspected_at_ = std::chrono::steady_clock::now();
  Seat claims_at_;
  Seat settles_at_;
  Seat watches_at_;
};

}  // namespace outboxd::outbox_store
