// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace outboxd::simulation {

using dispatch::TimePoint;

/// One row of the simulated table, with what happened to it.
struct SimRow {
  Row row;
  TimePoint available_at{};
  TimePoint locked_until{};
  std::string locked_by;
  std::string lease;
  std::uint32_t attempts = 0;
  bool published = false;
  bool dead = false;
  std::string last_error;

  std::uint32_t claims = 0;
  std::uint32_t releases = 0;
  /// Claims whose outcome was never written.
  std::uint32_t leases_run_out = 0;
};

/// The contract's `event_outbox`, in memory: what the two statements of the store do, and nothing else.
class SimTable {
 public:
  void insert(Row row, TimePoint available_at);

  dispatch::ClaimedRows claim(const std::string& worker, std::uint32_t limit, TimePoint now,
                              std::chrono::milliseconds lease, const std::vector<std::string>& only = {});
  /// Claimed more than once, and the last time without an outcome.
  [[nodiscard]] std::vector<std::string> suspects(TimePoint now) const;
  std::size_t settle(const std::string& worker, const dispatch::Settlement& settlement, TimePoint now);

  [[nodiscard]] const std::map<std::string, SimRow>& rows() const { return rows_; }
  [[nodiscard]] bool all_done() const;

 private:
  std::map<std::string, SimRow> rows_;
  std::uint64_t claims_ = 0;
};

}  // namespace outboxd::simulation
