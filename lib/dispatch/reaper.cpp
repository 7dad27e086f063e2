// SPDX-License-Identifier: Apache-2.0
#include "dispatch/reaper.hpp"

#include <chrono>
#include <utility>

namespace outboxd::dispatch {
namespace {

// A worker's session may be missing for a moment while it reconnects, so it takes more than one look to call it dead;
// all of them together stay below two seconds.
constexpr std::chrono::milliseconds kWatchInterval{800};
constexpr std::chrono::milliseconds kCloseWatchInterval{460};
constexpr int kSightings = 3;

}  // namespace

Awaitable<void> Reaper::run() {
  const auto& run = shared_.run;
  while (!run.has_ended() && housekeeping_ != nullptr) {
    // No lease can have been abandoned longer ago than one watch interval.
    if (shared_.clock.now() < nothing_due_at_ + kWatchInterval) {
      co_await shared_.clock.wait(alarm_, nothing_due_at_ + kWatchInterval);
      continue;
    }
    auto seen = co_await housekeeping_->look_out(kSightings, run.due_by());
    // An answer that didn't come may have been that some are missing.
    auto interval = kCloseWatchInterval;
    if (seen) {
      for (const auto& worker : seen->freed) shared_.observer.freed_rows_of(worker);
      candidates_.add(std::move(seen->suspects));
      if (seen->slow) shared_.observer.looks_are_slow(*seen->slow);
      if (seen->some_overlooked) idle_.end_wait();
      if (!seen->some_missing) interval = kWatchInterval;
    }
    if (!run.has_ended()) co_await shared_.clock.wait(alarm_, shared_.clock.now() + interval);
  }
}

}  // namespace outboxd::dispatch
