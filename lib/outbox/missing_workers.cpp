// SPDX-License-Identifier: Apache-2.0
#include "outbox/missing_workers.hpp"

#include <utility>

namespace outboxd {

std::vector<std::string> MissingWorkers::dead_after(const WorkerScan& scan) {
  auto before = std::exchange(scans_, {});
  if (scan.at - std::exchange(scanned_at_, scan.at) > kInARow) before.clear();
  if (scan.reconnected_at && scan.at - *scan.reconnected_at < kReconnectGrace) return {};
  std::vector<std::string> dead;
  for (const auto& worker : scan.missing) {
    const auto known = before.find(worker);
    const int scans = known == before.end() ? 1 : known->second + 1;
    if (scans >= kScans) {
      dead.push_back(worker);
    } else {
      scans_.emplace(worker, scans);
    }
  }
  return dead;
}

std::vector<std::string> MissingWorkers::names() const {
  std::vector<std::string> names;
  names.reserve(scans_.size());
  for (const auto& [worker, scans] : scans_) names.push_back(worker);
  return names;
}

}  // namespace outboxd
