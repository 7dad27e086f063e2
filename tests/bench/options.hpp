// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace outboxd::bench {

struct Options {
  /// The backlog of the throughput section; others are multiples of it.
  std::int64_t rows = 100'000;
  std::vector<int> batches{32, 500};
  int rounds = 3;
  /// Names of sections; empty: all.
  std::vector<std::string> only;
  /// The duration of sections that are measured by time: latency, writers, idling.
  std::chrono::milliseconds window{30'000};
  /// The longest time for a single run.
  std::chrono::seconds longest_run{180};
  /// Connect by Unix sockets instead of loopback TCP, for the daemon and the floors.
  bool sockets = false;
  std::string json_file;
  /// The file for the profiler's recording of one drain; empty: no profile.
  std::string profile_file;
  bool list = false;
  bool help = false;

  /// The window in seconds, as text.
  [[nodiscard]] std::string seconds() const;

  [[nodiscard]] bool wants(const std::string& section) const;
};

/// Throws std::invalid_argument with a message that names the argument and the accepted values.
[[nodiscard]] Options parse_options(std::span<char*> words);

[[nodiscard]] const char* usage();

}  // namespace outboxd::bench
