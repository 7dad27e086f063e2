// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/run_state.hpp"
#include "outbox/poll_pace.hpp"
#include "outbox/wake_up_budget.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace outboxd::dispatch {

/// The wait for rows after a claim that found fewer than it asked for: by polling, or woken by commits.
class IdleWait {
 public:
  /// What it talks to. All of it must outlive it.
  struct Parts {
    /// Null where commits can't wake it.
    CommitNotifier* commits;
    Clock& clock;
    Observer& observer;
    const RunState& run;
  };

  IdleWait(const boost::asio::any_io_executor& executor, std::chrono::milliseconds poll_interval, Parts parts)
      : parts_{parts}, event_{executor}, poll_interval_{poll_interval}, pace_{poll_interval} {}

  /// Asks to be woken by commits where that is worth it. `found`: the rows of the last claim. True when it is armed
  /// from now on: commits before that went unnoticed, and one more claim finds them.
  Awaitable<bool> arm(std::size_t found);

  /// Waits until there may be rows, or until `no_later_than`. `began`: when the wait began, with all that was asked
  /// for it.
  Awaitable<void> wait(std::size_t found, TimePoint began, TimePoint no_later_than);

  /// Ends the present wait, if there is one; a later wait is not cut short.
  void end_wait() { event_.set(); }

  /// Commits need not wake it from now on, as there is something else to do.
  Awaitable<void> disarm();

  /// The store's connection is gone, and with it what the store was asked for.
  void connection_was_lost();

  /// A claim that found so many rows took so long.
  void claimed(std::size_t rows, PollPace::Duration took) { pace_.claimed(rows, took); }

 private:
  Awaitable<void> ask();
  /// True when a commit ended the wait.
  Awaitable<bool> wait_for_commit(std::chrono::microseconds longest);

  Parts parts_;
  AutoResetEvent event_;
  std::chrono::milliseconds poll_interval_;
  PollPace pace_;
  WakeUpBudget budget_;
  /// What the store last answered.
  WakeUps wake_ups_ = WakeUps::none;
  /// What the observer knows; nothing yet.
  std::optional<bool> reported_;
  /// When the store is to be asked anew.
  TimePoint ask_at_{};
  /// When the last wait ended.
  TimePoint waited_until_{};
};

}  // namespace outboxd::dispatch
