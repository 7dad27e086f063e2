// SPDX-License-Identifier: Apache-2.0
#include "dispatch/pruner.hpp"

#include <algorithm>

namespace outboxd::dispatch {
namespace {

// A step takes at most a quarter of the time, as claims and writers use the same table.
constexpr int kRestToStep = 3;
constexpr std::chrono::milliseconds kShortestRest{10};
// While rows are overdue, the dispatcher needs Postgres for them.
constexpr std::chrono::seconds kRestWhileOverdue{10};
constexpr std::chrono::seconds kRestBetweenLooks{2};
constexpr std::chrono::minutes kRestAfterFailure{1};
// The parts of the time for which rows are kept in which a pass is repeated, within these bounds.
constexpr int kPassesWithinAge = 100;
constexpr std::chrono::minutes kShortestBetweenPasses{1};
constexpr std::chrono::hours kLongestBetweenPasses{1};

}  // namespace

Awaitable<void> Pruner::run() {
  while (!shared_.run.has_ended() && retention_ != nullptr) {
    const auto rest = co_await step();
    if (!shared_.run.has_ended()) co_await shared_.clock.wait(event_, shared_.clock.now() + rest);
  }
}

Awaitable<TimePoint::duration> Pruner::step() {
  const auto began = shared_.clock.now();
  const auto step = co_await retention_->prune();
  if (!step) {
    shared_.observer.prune_failed(step.error().text);
    co_return kRestAfterFailure;
  }
  shared_.observer.pruned(*step);
  switch (step->state) {
    case PruneStep::State::goes_on:
      co_return std::max<TimePoint::duration>(kRestToStep * (shared_.clock.now() - began), kShortestRest);
    case PruneStep::State::overdue:
      co_return kRestWhileOverdue;
    case PruneStep::State::unknown:
      co_return kRestBetweenLooks;
    case PruneStep::State::forbidden:
    case PruneStep::State::elsewhere:
      co_return kRestAfterFailure;
    case PruneStep::State::refused:
      co_return kLongestBetweenPasses;
    case PruneStep::State::complete:
      break;
  }
  co_return std::clamp<TimePoint::duration>(retention_->age() / kPassesWithinAge, kShortestBetweenPasses,
                                            kLongestBetweenPasses);
}

}  // namespace outboxd::dispatch
