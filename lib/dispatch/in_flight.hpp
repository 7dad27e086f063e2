// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"
#include "dispatch/run_state.hpp"

#include <cstddef>

namespace outboxd::dispatch {

/// How many claimed rows have no outcome in the store yet.
class InFlight {
 public:
  /// Both references must outlive it.
  InFlight(const boost::asio::any_io_executor& executor, Clock& clock, RunState& run)
      : clock_{clock}, run_{run}, drained_{executor} {}

  void claimed(std::size_t rows) { rows_ += rows; }
  /// These rows have their outcome, or have run out of time for it.
  void finished(std::size_t rows) {
    rows_ -= rows;
    if (rows_ == 0) drained_.set();
  }

  /// The outcome of these rows is known and is written later, so that no stage waits for them.
  void postponed(std::size_t rows) {
    postponed_ += rows;
    finished(rows);
  }
  void postponed_finished(std::size_t rows) { postponed_ -= rows; }

  /// The number of rows in flight, without postponed ones.
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t rows_postponed() const { return postponed_; }
  [[nodiscard]] bool is_empty() const { return rows_ + postponed_ == 0; }

  /// Waits until rows() is 0, or no more rows are to be claimed. One waiter at a time.
  Awaitable<void> drained() {
    while (rows_ > 0 && !run_.claiming_is_over()) {
      co_await clock_.wait(drained_, run_.within_once(kUntilSet));
    }
  }
  /// To be called after RunState::stop().
  void stop() { drained_.set(); }

 private:
  Clock& clock_;
  RunState& run_;
  std::size_t rows_ = 0;
  std::size_t postponed_ = 0;
  AutoResetEvent drained_;
};

}  // namespace outboxd::dispatch
