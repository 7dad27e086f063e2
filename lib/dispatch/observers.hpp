// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

/// Passes each event on to several observers, in their order. They must outlive it.
class Observers final : public Observer {
 public:
  explicit Observers(std::vector<std::reference_wrapper<Observer>> all) : all_{std::move(all)} {}

  void claimed(std::size_t rows, std::chrono::nanoseconds took) override { each(&Observer::claimed, rows, took); }
  void wrote(std::size_t entries, std::chrono::nanoseconds took) override { each(&Observer::wrote, entries, took); }
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override {
    each(&Observer::settled, rows, leases_lost, took);
  }
  void published(std::string_view stream, std::size_t rows) override { each(&Observer::published, stream, rows); }
  void failed(std::string_view stream, Fault fault, std::string_view reason) override {
    each(&Observer::failed, stream, fault, reason);
  }
  void reached_streams(std::span<const std::chrono::nanoseconds> latencies) override {
    each(&Observer::reached_streams, latencies);
  }
  void retried(std::string_view stream, Fault fault) override { each(&Observer::retried, stream, fault); }
  void released(bool for_later) override { each(&Observer::released, for_later); }
  void died(std::string_view id, std::string_view stream, Fault fault, std::string_view reason) override {
    each(&Observer::died, id, stream, fault, reason);
  }
  void unsettled(std::size_t rows) override { each(&Observer::unsettled, rows); }
  void possible_duplicate() override { each(&Observer::possible_duplicate); }
  void reserved_fields_dropped(std::string_view stream, std::size_t fields) override {
    each(&Observer::reserved_fields_dropped, stream, fields);
  }
  void ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why, bool dead) override {
    each(&Observer::ambiguous_entry, id, stream, why, dead);
  }
  void stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) override {
    each(&Observer::stream_blocked, stream, reason, blocked);
  }
  void stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) override {
    each(&Observer::stream_freed, stream, after, blocked);
  }
  void refused_by_store(std::span<const RefusedRow> rows) override { each(&Observer::refused_by_store, rows); }
  void held_up(std::size_t rows) override { each(&Observer::held_up, rows); }
  void wake_ups(bool there) override { each(&Observer::wake_ups, there); }
  void woken() override { each(&Observer::woken); }
  void freed_rows_of(std::string_view worker) override { each(&Observer::freed_rows_of, worker); }
  void looks_are_slow(const SlowLook& look) override { each(&Observer::looks_are_slow, look); }
  void pruned(const PruneStep& step) override { each(&Observer::pruned, step); }
  void prune_failed(std::string_view reason) override { each(&Observer::prune_failed, reason); }
  void sampled(const BacklogSample& sample) override { each(&Observer::sampled, sample); }
  void sample_failed(std::string_view reason) override { each(&Observer::sample_failed, reason); }
  void server_failed(Server server, Obstacle obstacle) override { each(&Observer::server_failed, server, obstacle); }
  void server_answered(Server server, bool reconnected) override {
    each(&Observer::server_answered, server, reconnected);
  }
  void breaker(bool open) override { each(&Observer::breaker, open); }
  void health(Health health, std::string_view reason) override { each(&Observer::health, health, reason); }

 private:
  template <class Event, class... Details>
  void each(Event event, const Details&... details) {
    for (Observer& observer : all_) (observer.*event)(details...);
  }

  std::vector<std::reference_wrapper<Observer>> all_;
};

}  // namespace outboxd::dispatch
