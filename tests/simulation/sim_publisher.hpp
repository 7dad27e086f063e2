// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/ledger.hpp"

#include <span>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// One process' connection to Redis, which decides how far each write gets.
class SimPublisher final : public dispatch::StreamSink {
 public:
  using Rows = std::span<dispatch::Delivery* const>;

  SimPublisher(World& world, Life& life, Ledger& ledger, const boost::asio::any_io_executor& executor,
               Milliseconds timeout)
      : world_{world}, life_{life}, ledger_{ledger}, event_{executor}, timeout_{timeout} {}

  dispatch::Awaitable<void> publish(Rows rows, TimePoint not_after) override;
  dispatch::Awaitable<Reply> probe(std::string stream) override;

 private:
  /// How far a pipelined write gets: the entries before each bound are carried out, answered, sent.
  struct Reach {
    std::size_t carried_out = 0, answered = 0, sent = 0;
  };
  dispatch::Awaitable<void> wait(Milliseconds time);
  Reach reach_of(Rows rows);
  void die_in_the_middle(Rows rows);
  dispatch::Awaitable<std::vector<Answered>> exchange(Rows rows);
  dispatch::Awaitable<std::vector<Answered>> hang(Rows rows);
  [[nodiscard]] bool drops_connection(const dispatch::Delivery* row) const;

  World& world_;
  Life& life_;
  Ledger& ledger_;
  dispatch::AutoResetEvent event_;
  Milliseconds timeout_;
};

}  // namespace outboxd::simulation
