// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/start_waits.hpp"

namespace outboxd::daemon {
namespace {

// A table is fixed by an operator or by a concurrent migration, so there is no hurry; an inspection is a query of the
// catalog.
constexpr std::chrono::seconds kFirstLookAgain{1};
constexpr std::chrono::seconds kLookAgain{10};

}  // namespace

StartWaits::StartWaits(dispatch::Clock& clock, const boost::asio::any_io_executor& loop,
                       std::function<double()> random, std::chrono::milliseconds shortest,
                       std::chrono::milliseconds longest)
    : clock_{clock},
      random_{std::move(random)},
      event_{loop},
      postgres_{shortest, longest},
      table_{kFirstLookAgain, kLookAgain} {}

boost::asio::awaitable<void> StartWaits::wait(Backoff& backoff) {
  co_await clock_.wait(event_, clock_.now() + backoff.next(random_()));
}

}  // namespace outboxd::daemon
