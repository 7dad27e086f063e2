// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/sim_publisher.hpp"
#include "simulation/sim_store.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <span>
#include <string>
#include <utility>

namespace outboxd::simulation {

/// Counts the events of an observer: metrics must agree with the tally.
class CountingObserver final : public dispatch::Observer {
 public:
  CountingObserver(World& world, std::string worker) : world_{world}, worker_{std::move(worker)} {}

  void claimed(std::size_t rows, std::chrono::nanoseconds /*took*/) override { told.claimed += rows; }
  void settled(std::size_t /*rows*/, std::size_t lost, std::chrono::nanoseconds /*took*/) override {
    told.leases_lost += lost;
  }
  void published(std::string_view /*stream*/, std::size_t rows) override { told.published += rows; }
  void failed(std::string_view stream, Fault fault, std::string_view reason) override;
  void retried(std::string_view /*stream*/, outboxd::Fault /*fault*/) override { ++told.retried; }
  void released(bool /*for_later*/) override { ++told.released; }
  void died(std::string_view /*id*/, std::string_view /*stream*/, Fault /*fault*/,
            std::string_view /*reason*/) override {
    ++told.dead;
  }
  void possible_duplicate() override { ++told.possible_duplicates; }
  void refused_by_store(std::span<const dispatch::RefusedRow> rows) override;
  void health(dispatch::Health health, std::string_view /*reason*/) override { last_health = health; }

  dispatch::Tally told;
  /// The number of rows that were not published, by reason.
  std::map<Fault, std::uint64_t> reasons;
  dispatch::Health last_health = dispatch::Health::starting;

 private:
  World& world_;
  std::string worker_;
};

/// One process of outboxd: a dispatcher, its view of the world, and the record of its actions.
class Process {
 public:
  Process(World& world, const boost::asio::any_io_executor& executor, const std::string& worker);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() = default;

  void start(boost::asio::io_context& loop);
  [[nodiscard]] Life& life() { return life_; }
  [[nodiscard]] bool is_daemon() const { return !options_.once; }
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] dispatch::Health health() const { return observer_.last_health; }

 private:
  dispatch::DispatcherOptions draw_options();
  void stop();
  void end(const std::exception_ptr& error);
  void check_end();
  void check_stop();
  void check_once();
  void check_metrics();
  void expect(bool kept, const std::string& promise) {
    if (!kept) world_.fault(life_.worker() + ": " + promise);
  }

  World& world_;
  Life life_;
  dispatch::DispatcherOptions options_;
  Ledger ledger_;
  SimStore store_;
  SimPublisher publisher_;
  CountingObserver observer_;
  dispatch::Dispatcher dispatcher_;
  bool ended_ = false;
  bool had_rows_at_stop_ = false;
};

}  // namespace outboxd::simulation
