// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outboxd {

/// The workers that held leases without having a session, at one moment.
struct WorkerScan {
  using TimePoint = std::chrono::steady_clock::time_point;

  /// When the store was asked.
  TimePoint at{};
  /// When the connection that was asked replaced a lost one, if it ever did.
  std::optional<TimePoint> reconnected_at{};
  /// Each at most once.
  std::vector<std::string> missing{};
};

/// The rule by which a worker counts as dead: several scans in a row have found it missing. A single scan may have
/// come while the worker reconnected.
class MissingWorkers {
 public:
  static constexpr int kScans = 3;
  /// Scans that are further apart than this may have seen two short absences instead of a long one.
  static constexpr std::chrono::seconds kInARow{2};
  /// After a failover every session is new, and a live worker may reconnect later than this one.
  static constexpr std::chrono::seconds kReconnectGrace{10};

  /// Counts a scan. Returns the workers that are dead by it and forgets them: if their leases can't be ended, the
  /// count starts anew.
  [[nodiscard]] std::vector<std::string> dead_after(const WorkerScan& scan);

  /// Workers that the last scan found missing and that are not dead yet: the next scan must look for each of them.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool empty() const { return scans_.empty(); }

 private:
  /// In how many scans in a row each worker was missing.
  std::map<std::string, int> scans_;
  WorkerScan::TimePoint scanned_at_{};
};

}  // namespace outboxd
