// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/world.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::bench {

/// The CPU seconds that a run took on each side.
struct Cpu {
  /// The daemon, or the thread that runs a floor.
  double own = 0;
  double postgres = 0;
  double redis = 0;
};

/// Measures the servers' CPU from its construction to used().
class CpuMeter {
 public:
  explicit CpuMeter(const World& world) : world_{world}, postgres_{world.postgres_cpu()}, redis_{world.redis_cpu()} {}

  [[nodiscard]] Cpu used(double own) const {
    return {own, world_.postgres_cpu() - postgres_, world_.redis_cpu() - redis_};
  }

 private:
  const World& world_;
  double postgres_;
  double redis_;
};

/// The result of draining a table.
struct Drain {
  /// The published rows.
  std::int64_t rows = 0;
  /// The rows and the seconds from which the rate is computed.
  std::int64_t rows_timed = 0;
  double seconds = 0;
  /// The time that outboxd itself reports, including its start; for a floor the same as `seconds`.
  double reported_seconds = 0;
  Cpu cpu{};
  /// The largest resident memory of a daemon.
  std::int64_t most_resident_bytes = 0;
  /// False: stopped before the table was empty.
  bool finished = true;

  [[nodiscard]] double rows_per_second() const { return static_cast<double>(rows_timed) / seconds; }
  [[nodiscard]] double reported_rows_per_second() const { return static_cast<double>(rows) / reported_seconds; }
};

struct DrainOptions {
  int batch = 32;
  /// The number of rows that must be published, each once, if it finishes; any other number throws.
  std::int64_t rows = 0;
  std::chrono::seconds longest{180};
  int processes = 1;
  std::string table = "event_outbox";
  /// The table's column with the time of the mark.
  std::string marked_at = "dispatched_at";
  /// Further arguments of outboxd.
  std::vector<std::string> arguments{};
  /// A command that starts outboxd ("perf", "record", …), if any.
  std::vector<std::string> launcher{};
};

/// Whether the streams keep the entries of this many rows, so that they can be counted; longer streams are trimmed.
[[nodiscard]] bool streams_hold(std::int64_t rows);

/// Runs `outboxd --once` until the table is drained. It is timed by the marks in the table, from the first to the
/// last. Rows of the first mark don't count, as the time before it, with the daemon's start, doesn't count either.
[[nodiscard]] Drain drain(const World& world, const test::Database& database, const DrainOptions& options);

}  // namespace outboxd::bench
