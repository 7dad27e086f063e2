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
/// Whether the cost of a row depends on other rows in the table, or on held snapshots.
[[nodiscard]] Section flat(World& world, const Options& options);
/// From commit to entry.
[[nodiscard]] Section latency(World& world, const Options& options);
/// The same beside busy writers that don't fill the machine.
[[nodiscard]] Section busy_latency(World& world, const Options& options);
/// The same after many rows were published beside a held snapshot.
[[nodiscard]] Section held_snapshot(World& world, const Options& options);
/// The same for one stream, beside a backlog of other streams.
[[nodiscard]] Section other_streams(World& world, const Options& options);
/// The cost of wake-ups for writers.
[[nodiscard]] Section writers(World& world, const Options& options);
/// CPU when idle, and memory.
[[nodiscard]] Section idle(World& world, const Options& options);
/// Several processes on one table.
[[nodiscard]] Section instances(World& world, const Options& options);
/// caracal_outbox against event_outbox.
[[nodiscard]] Section other_table(World& world, const Options& options);
/// Compared with an in-process dispatcher.
[[nodiscard]] Section in_process(World& world, const Options& options);

struct NamedSection {
  std::string name;
  std::function<Section(World&, const Options&)> run;
};

/// All sections, in the order of the report.
[[nodiscard]] const std::vector<NamedSection>& all_sections();

/// Profiles one drain with the largest batch; writes the recording to options.profile_file.
void profile(World& world, const Options& options);

/// Writes a progress line to standard error.
void progress(const std::string& text);

}  // namespace outboxd::bench
