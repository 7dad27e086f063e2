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
  /// The parts that it uses. All of them must outlive it.
  struct Parts {
    /// Null where commits can't wake the dispatcher.
    CommitNotifier* commits;
    Clock& clock;
    Observer& observer;
    const RunState& run;
  };

  IdleWait(const boost::asio::any_io_executor& executor, std::chrono::milliseconds poll_interval, Parts parts)
      : parts_{parts}, event_{executor}, poll_interval_{poll_interval}, pace_{poll_interval} {}

  /// Asks for wake-ups by commits where they are worth their cost. `found`: the rows of the last claim. True when
  /// wake-ups are armed from now on: earlier commits went unnoticed, so one more claim has to find their rows.
  Awaitable<bool> arm(std::size_t found);

  /// Waits until rows may be due, or until `no_later_than`. `began`: when the wait began, including the requests made
  /// for it.
  Awaitable<void> wait(std::size_t found, TimePoint began, TimePoint no_later_than);

  /// Ends the present wait, if there is one; a later wait is not cut short.
  void end_wait() { event_.set(); }

  /// Ends wake-ups by commits, as the dispatcher has other work.
  Awaitable<void> disarm();

  /// The store's connection was lost, and the wake-ups that were armed on it.
  void connection_was_lost();

  /// A claim found this many rows and took this long.
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
  /// The store's last answer.
  WakeUps wake_ups_ = WakeUps::none;
  /// The state that was last reported to the observer; empty: none yet.
  std::optional<bool> reported_;
  /// When to ask the store again.
  TimePoint ask_at_{};
  /// When the last wait ended.
  TimePoint waited_until_{};
};

}  // namespace outboxd::dispatch
