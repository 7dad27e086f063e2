// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/ledger.hpp"

#include <span>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// One process' connection to Redis, and what becomes of what is written to it.
class SimPublisher final : public dispatch::StreamSink {
 public:
  SimPublisher(World& world, Life& life, Ledger& ledger, const boost::asio::any_io_executor& executor,
               Milliseconds timeout)
      : world_{world}, life_{life}, ledger_{ledger}, alarm_{executor}, timeout_{timeout} {}

  dispatch::Awaitable<std::vector<Reply>> publish(std::span<const entry::Entry> entries,
                                                  TimePoint not_after) override;
  dispatch::Awaitable<Reply> probe(std::string stream) override;

 private:
  /// How far a pipelined write comes: entries before each bound are carried out, answered, sent.
  struct Reach {
    std::size_t carried_out = 0, answered = 0, sent = 0;
  };
  struct Replies {
    std::vector<Reply> told;
    std::vector<Fault> meant;
    void add(Fault meaning, std::string text);
  };

  dispatch::Awaitable<void> wait(Milliseconds time);
  Reach reach_of(std::span<const entry::Entry> entries);
  void die_in_the_middle(std::span<const entry::Entry> entries);
  dispatch::Awaitable<Replies> exchange(std::span<const entry::Entry> entries);
  dispatch::Awaitable<Replies> hang(std::span<const entry::Entry> entries);

  World& world_;
  Life& life_;
  Ledger& ledger_;
  dispatch::Alarm alarm_;
  Milliseconds timeout_;
};

}  // namespace outboxd::simulation
