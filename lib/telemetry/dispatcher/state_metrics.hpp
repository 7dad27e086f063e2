// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <map>

namespace outboxd::telemetry {

/// Whether the dispatcher works, and what wakes it up or slows it down.
class StateMetrics final : public dispatch::Observer {
 public:
  explicit StateMetrics(const DispatcherSeries& series);

  void health(dispatch::Health health, std::string_view /*reason*/) override {
    ready_.Set(health == dispatch::Health::working ? 1 : 0);
  }
  void wake_ups(bool there) override { has_wake_ups_.Set(there ? 1 : 0); }
  void woken() override { wake_ups_.Increment(); }
  void freed_rows_of(std::string_view /*worker*/) override { dead_workers_.Increment(); }
  void looks_are_slow(const dispatch::SlowLook& look) override;

 private:
  prometheus::Gauge& ready_;
  prometheus::Gauge& has_wake_ups_;
  prometheus::Counter& wake_ups_;
  prometheus::Counter& dead_workers_;
  prometheus::Gauge& slow_look_;
  std::map<dispatch::SnapshotHolder, prometheus::Gauge*> held_for_;
};

}  // namespace outboxd::telemetry
