// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/state_metrics.hpp"

#include <array>
#include <limits>
#include <utility>

namespace outboxd::telemetry {
namespace {

constexpr std::array<std::pair<dispatch::SnapshotHolder, const char*>, 4> kHolders{{
    {dispatch::SnapshotHolder::session, "session"},
    {dispatch::SnapshotHolder::prepared_transaction, "prepared_transaction"},
    {dispatch::SnapshotHolder::replication_slot, "replication_slot"},
    {dispatch::SnapshotHolder::standby, "standby"},
}};

}  // namespace

StateMetrics::StateMetrics(const DispatcherSeries& series)
    : ready_{series.gauge(
          "outboxd_ready",
          "1 while the dispatcher works, 0 while it starts, waits for a server or its table, or stops.")},
      has_wake_ups_{series.gauge("outboxd_has_wake_ups",
                                 "1 where commits can wake the dispatcher; 0 where only polling finds their rows.")},
      wake_ups_{series.counter("outboxd_wake_ups_total", "Waits that a commit has ended.")},
      dead_workers_{
          series.counter("outboxd_dead_workers_total", "Other workers found dead, whose leases were ended.")},
      slow_look_{series.gauge("outboxd_slow_look_seconds",
                              "Time of one look through the table's index, past rows that are gone and other "
                              "streams'; 0 while it is quick.")} {
  auto& held =
      series.gauges("outboxd_held_snapshot_seconds",
                    "Where looks are slow, how long who holds the oldest snapshot has held it; NaN: not known.");
  for (const auto& [holder, name] : kHolders) held_for_[holder] = &held.Add(series.labels("holder", name));
}

void StateMetrics::looks_are_slow(const dispatch::SlowLook& look) {
  slow_look_.Set(in_seconds(look.took));
  for (const auto& [holder, gauge] : held_for_) {
    const double known = look.held_for ? in_seconds(*look.held_for) : std::numeric_limits<double>::quiet_NaN();
    gauge->Set(holder == look.holder ? known : 0);
  }
}

}  // namespace outboxd::telemetry
