// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/options.hpp"
#include "bench/report.hpp"
#include "bench/world.hpp"

#include <functional>
#include <string>
#include <vector>

namespace outboxd::bench {

/// Rows a second against the floors, as the table stands and with the optional tuning.
[[nodiscard]] Section throughput(World& world, const Options& options);
/// Whether the cost of a row depends on what else is in the table, or on who looks at it.
[[nodiscard]] Section flat(World& world, const Options& options);
/// From commit to entry.
[[nodiscard]] Section latency(World& world, const Options& options);
/// The same beside writers that are busy and don't fill the machine.
[[nodiscard]] Section busy_latency(World& world, const Options& options);
/// The same after many rows have been published beside a snapshot that stays held.
[[nodiscard]] Section held_snapshot(World& world, const Options& options);
/// The same of one stream, behind a backlog of others.
[[nodiscard]] Section other_streams(World& world, const Options& options);
/// What writers pay for wake-ups.
[[nodiscard]] Section writers(World& world, const Options& options);
/// CPU when there is nothing to do, and memory.
[[nodiscard]] Section idle(World& world, const Options& options);
/// Several processes on one table.
[[nodiscard]] Section instances(World& world, const Options& options);
/// caracal_outbox against event_outbox.
[[nodiscard]] Section other_table(World& world, const Options& options);
/// Beside an in-process dispatcher's way of working.
[[nodiscard]] Section in_process(World& world, const Options& options);

struct NamedSection {
  std::string name;
  std::function<Section(World&, const Options&)> run;
};

/// All sections, in the order of the report.
[[nodiscard]] const std::vector<NamedSection>& all_sections();

/// Has the profiler watch one drain of the largest batch; its recording goes to options.profile_file.
void profile(World& world, const Options& options);

/// A line on standard error, for who waits.
void progress(const std::string& text);

}  // namespace outboxd::bench
