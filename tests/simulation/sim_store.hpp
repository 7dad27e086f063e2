// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/sim_statements.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// One process' view of the table, with all possible faults on the way to it.
class SimStore final : public dispatch::RowSource,
                       public dispatch::OutcomeSink,
                       public dispatch::Housekeeping,
                       public dispatch::CommitNotifier,
                       public dispatch::BacklogProbe {
 public:
  SimStore(World& world, Life& life, Ledger& ledger, const boost::asio::any_io_executor& executor, Milliseconds lease)
      : world_{world},
        life_{life},
        ledger_{ledger},
        claim_alarm_{executor},
        sample_alarm_{executor},
        watch_alarm_{executor},
        lease_{lease},
        statements_{world, life, ledger, lease} {}

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
  dispatch::Awaitable<void> notify_on_commit(std::function<void()> notify) override;
  void stop_notifying() override;

 private:
  using Failure = std::optional<dispatch::StoreError>;

  /// The way of a statement to the server: after a failure here the statement has no effect.
  dispatch::Awaitable<Failure> go(dispatch::AutoResetEvent& event);
  /// The way of the answer.
  dispatch::Awaitable<Failure> come_back(dispatch::AutoResetEvent& event);
  dispatch::Awaitable<void> wait(dispatch::AutoResetEvent& event, Milliseconds time);
  [[nodiscard]] bool is_away() const;

  dispatch::StoreResult<dispatch::ClaimedRows> take_rows(const dispatch::ClaimRequest& request, Milliseconds& took);
  dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> settle(const dispatch::Settlement& settlement,
                                                                       dispatch::AutoResetEvent& event);
  /// Its process learns that the row was refused.
  void learns_of(const dispatch::RefusedRow& row, std::set<std::string>& refused_to) const;
  dispatch::StoreResult<dispatch::Settled> write(const dispatch::Settlement& settlement, Milliseconds& took);
  /// The same for the statements of the reaper, whose delays excuse it.
  dispatch::Awaitable<Failure> go_watching(TimePoint asked_at);
  dispatch::Awaitable<Failure> come_back_watching(TimePoint asked_at);
  /// Each failure loses the connection.
  void loses_the_watch();
  /// Workers that hold leases and whose locks can't be seen now.
  std::vector<std::string> missing_workers();

  World& world_;
  Life& life_;
  Ledger& ledger_;
  // One for each loop of the dispatcher.
  dispatch::AutoResetEvent claim_alarm_;
  dispatch::AutoResetEvent sample_alarm_;
  dispatch::AutoResetEvent watch_alarm_;
  Milliseconds lease_;
  SimStatements statements_;
  /// A settlement is under way.
  bool settles_ = false;
  std::optional<TimePoint> reconnected_at_;
};

}  // namespace outboxd::simulation
