// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/world.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::bench {

/// What a run took of each side's CPU, in seconds.
struct Cpu {
  /// The daemon, or the thread that runs a floor.
  double own = 0;
  double postgres = 0;
  double redis = 0;
};

/// Takes the servers' CPU from its start to used().
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

/// One emptying of a table.
struct Drain {
  /// That went out.
  std::int64_t rows = 0;
  /// What the rate is made of: so many rows in so many seconds.
  std::int64_t rows_timed = 0;
  double seconds = 0;
  /// What outboxd itself reports for the whole, its start included; of a floor the same as `seconds`.
  double reported_seconds = 0;
  Cpu cpu{};
  /// The largest that a daemon was.
  std::int64_t most_resident_bytes = 0;
  /// False: stopped before the table was empty.
  bool finished = true;

  [[nodiscard]] double rows_per_second() const { return static_cast<double>(rows_timed) / seconds; }
  [[nodiscard]] double reported_rows_per_second() const { return static_cast<double>(rows) / reported_seconds; }
};

struct DrainOptions {
  int batch = 32;
  /// How many rows must go out, each once, if it finishes; less or more throws.
  std::int64_t rows = 0;
  std::chrono::seconds longest{180};
  int processes = 1;
  std::string table = "event_outbox";
  /// The table's column with the time of the mark.
  std::string marked_at = "dispatched_at";
  /// Further arguments of outboxd.
  std::vector<std::string> arguments{};
  /// What outboxd is started by ("perf", "record", …), if by anything.
  std::vector<std::string> launcher{};
};

/// Whether so many rows leave their entries in the streams, so that they can be counted; longer streams are trimmed.
[[nodiscard]] bool streams_hold(std::int64_t rows);

/// Runs `outboxd --once` until the table is empty. It is timed by what it leaves in the table, from the first mark to
/// the last; rows of the first mark don't count, as the time before it, with the daemon's start, doesn't either.
[[nodiscard]] Drain drain(const World& world, const test::Database& database, const DrainOptions& options);

}  // namespace outboxd::bench
