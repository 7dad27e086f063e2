// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"
#include "simulation/world.hpp"

#include <string>

namespace outboxd::simulation {

/// Another program's dispatcher on the same table, inside a service: it uses the same lease, sends one row after the
/// other, and spends an attempt on every failure.
class ForeignDispatcher {
 public:
  ForeignDispatcher(World& world, const boost::asio::any_io_executor& executor, std::string worker)
      : world_{world}, event_{executor}, worker_{std::move(worker)} {}

  dispatch::Awaitable<void> run();
  /// It claims no more rows and ends.
  void stop() { stopped_ = true; }

 private:
  dispatch::Awaitable<void> wait(Milliseconds time);
  dispatch::Awaitable<bool> take_turn();
  [[nodiscard]] bool dies_of(const Row& row);
  /// The reason for a failure; empty when the entry is in its stream.
  std::string write(const Row& row);
  void settle(const Row& row, const std::string& lease, const std::string& failure);

  World& world_;
  dispatch::AutoResetEvent event_;
  std::string worker_;
  bool stopped_ = false;
};

}  // namespace outboxd::simulation
