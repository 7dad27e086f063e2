// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stream_metrics/sample.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::stream_metrics {

/// What the page shows of one server.
struct Sampled {
  /// The server's address, without secrets.
  std::string redis;
  /// The dispatchers that use this server.
  std::vector<std::string> dispatchers{};
  /// A sample that is older is not shown.
  std::chrono::milliseconds most_age{};
  Sample latest{};
  /// Of `latest`; empty before the first sample.
  std::optional<TimePoint> taken{};
  std::chrono::system_clock::time_point taken_at{};
  std::chrono::milliseconds took{};
  std::uint64_t failures = 0;

  [[nodiscard]] bool is_fresh(TimePoint now) const { return taken && now - *taken <= most_age; }
};

/// All series of all servers in Prometheus' text format. Pure.
[[nodiscard]] std::string text_of(const std::deque<Sampled>& servers, TimePoint now);

/// The text, made anew only when a sample has come or become too old, as a scrape must cost little.
class Page {
 public:
  /// The reference stays valid. `changed()` is to be called after each change.
  Sampled& add(Sampled server) { return servers_.emplace_back(std::move(server)); }
  void changed() { text_.clear(); }

  [[nodiscard]] const std::string& text(TimePoint now = std::chrono::steady_clock::now());

 private:
  std::deque<Sampled> servers_;
  std::vector<bool> fresh_;
  std::string text_;
};

}  // namespace outboxd::stream_metrics
