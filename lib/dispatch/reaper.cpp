// SPDX-License-Identifier: Apache-2.0
#include "dispatch/reaper.hpp"

#include <chrono>
#include <utility>

namespace outboxd::dispatch {
namespace {

// MissingWorkers::kScans at these intervals stay below two seconds.
constexpr std::chrono::milliseconds kScanInterval{800};
constexpr std::chrono::milliseconds kCloseScanInterval{460};

}  // namespace

Awaitable<void> Reaper::run() {
  const auto& run = shared_.run;
  while (!run.has_ended() && housekeeping_ != nullptr) {
    // No lease can have been abandoned longer ago than one scan interval.
    if (shared_.clock.now() < nothing_due_at_ + kScanInterval) {
      co_await shared_.clock.wait(event_, nothing_due_at_ + kScanInterval);
      continue;
    }
    auto scan = co_await housekeeping_->scan(missing_.names(), run.due_by());
    // A scan that failed may have missed workers, and leases that could not be ended may be left.
    bool all_is_well = false;
    if (scan) {
      auto dead = missing_.dead_after(scan->workers);
      candidates_.add(std::move(scan->poison_candidates));
      if (scan->slow) shared_.observer.looks_are_slow(*scan->slow);
      if (scan->some_overlooked) idle_.end_wait();
      all_is_well = missing_.empty();
      if (!dead.empty() && !co_await end_leases_of(std::move(dead))) all_is_well = false;
    }
    const auto interval = all_is_well ? kScanInterval : kCloseScanInterval;
    if (!run.has_ended()) co_await shared_.clock.wait(event_, shared_.clock.now() + interval);
  }
}

Awaitable<bool> Reaper::end_leases_of(std::vector<std::string> workers) {
  if (shared_.run.has_ended()) co_return false;
  const auto ended = co_await housekeeping_->end_leases_of(workers);
  if (!ended || !*ended) co_return false;
  for (const auto& worker : workers) shared_.observer.freed_rows_of(worker);
  idle_.end_wait();
  co_return true;
}

}  // namespace outboxd::dispatch
