// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/ledger.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// One process' view of the table, with all that can go wrong on the way to it.
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
        settle_alarm_{executor},
        sample_alarm_{executor},
        watch_alarm_{executor},
        lease_{lease} {}

  dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> claim(dispatch::ClaimRequest request) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> settle(
      const dispatch::Settlement& settlement) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::LookOut>> look_out(int sightings, std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> suspects(std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> sample(std::string due_by) override;
  dispatch::Awaitable<dispatch::WakeUps> arm_wake_ups() override;
  dispatch::Awaitable<void> disarm_wake_ups() override;
  dispatch::Awaitable<void> ring_for_rows(std::function<void()> ring) override;
  void stop_ringing() override;

 private:
  using Failure = std::optional<dispatch::StoreError>;

  /// The way of a statement to the server: a failure on it means that the statement has no effect.
  dispatch::Awaitable<Failure> go(dispatch::Alarm& alarm);
  /// The way of its answer.
  dispatch::Awaitable<Failure> come_back(dispatch::Alarm& alarm);
  dispatch::Awaitable<void> wait(dispatch::Alarm& alarm, Milliseconds time);
  [[nodiscard]] bool is_away() const;

  dispatch::ClaimedRows take_rows(const dispatch::ClaimRequest& request);
  std::size_t write(const dispatch::Settlement& settlement);
  dispatch::LookOut free_the_dead(int sightings);

  World& world_;
  Life& life_;
  Ledger& ledger_;
  // One for each loop of the dispatcher.
  dispatch::Alarm claim_alarm_;
  dispatch::Alarm settle_alarm_;
  dispatch::Alarm sample_alarm_;
  dispatch::Alarm watch_alarm_;
  Milliseconds lease_;
  /// Workers whose lock was missing when last looked for, and how often in a row.
  std::map<std::string, int> missing_;
  dispatch::TimePoint looked_out_at_{};
};

}  // namespace outboxd::simulation
