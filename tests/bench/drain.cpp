// SPDX-License-Identifier: Apache-2.0
#include "bench/drain.hpp"

#include "bench/events.hpp"
#include "support/outbox_table.hpp"

#include <algorithm>
#include <memory>
#include <regex>
#include <stdexcept>

namespace outboxd::bench {
namespace {

// The time beyond --timeout, in which rows in flight are finished.
constexpr std::chrono::seconds kGrace{60};

std::unique_ptr<test::Child> start(const World& world, const test::Database& database, const DrainOptions& options) {
  std::vector<std::string> words{"--once", "--batch", std::to_string(options.batch), "--timeout",
                                 std::to_string(options.longest.count()) + "s"};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  if (options.launcher.empty()) return test::start_outboxd(words, world.environment(database));
  auto command = options.launcher;
  command.push_back(test::outboxd_program());
  command.insert(command.end(), words.begin(), words.end());
  return std::make_unique<test::Child>(
      test::ChildOptions{.command = command, .environment = world.environment(database)});
}

double once_seconds(const std::string& standard_output) {
  std::smatch found;
  if (!std::regex_search(standard_output, found, std::regex(R"("seconds":([0-9.e+-]+))"))) {
    throw std::runtime_error("outboxd --once reports no seconds: " + standard_output);
  }
  return std::stod(found[1]);
}

void time_by_marks(const test::Database& database, const DrainOptions& options, Drain& drained) {
  const auto marks = database.rows("SELECT count(*) FILTER (WHERE " + options.marked_at +
                                   " > first), extract(epoch FROM max(last) - max(first)) FROM " + options.table +
                                   ", (SELECT min(" + options.marked_at + ") AS first, max(" + options.marked_at +
                                   ") AS last FROM " + options.table + ") AS marks");
  const auto& cells = marks.at(0);
  drained.rows_timed = std::stoll(cells.at(0));
  if (drained.rows_timed > 0) {
    drained.seconds = std::stod(cells.at(1));
  } else {
    // All rows were in one batch.
    drained.rows_timed = drained.rows;
    drained.seconds = drained.reported_seconds;
  }
}

void check(const World& world, const Drain& drained, const DrainOptions& options) {
  const auto rows = std::to_string(drained.rows) + " of " + std::to_string(options.rows) + " rows";
  if (drained.rows > options.rows) throw std::runtime_error("outboxd published " + rows);
  const auto longest = static_cast<double>(options.longest.count());
  if (!drained.finished && drained.reported_seconds < longest) throw std::runtime_error("outboxd ended with " + rows);
  if (const auto entries = world.entries(); streams_hold(drained.rows) && entries != drained.rows) {
    throw std::runtime_error(std::to_string(drained.rows) + " rows became " + std::to_string(entries) + " entries");
  }
}

}  // namespace

bool streams_hold(std::int64_t rows) {
  constexpr std::int64_t kMaxlen = 100'000;
  return rows <= kMaxlen * static_cast<std::int64_t>(streams().size());
}

Drain drain(const World& world, const test::Database& database, const DrainOptions& options) {
  const CpuMeter meter{world};
  std::vector<std::unique_ptr<test::Child>> daemons;
  for (int i = 0; i < options.processes; ++i) daemons.push_back(start(world, database, options));
  Drain drained;
  double own = 0;
  for (const auto& daemon : daemons) {
    const int status = daemon->wait(options.longest + kGrace);
    if (status > 1) throw std::runtime_error("outboxd --once failed:\n" + daemon->out() + daemon->err());
    drained.rows += test::once_counts(daemon->out()).published;
    drained.reported_seconds = std::max(drained.reported_seconds, once_seconds(daemon->out()));
    own += daemon->usage().cpu.count();
    drained.most_resident_bytes = std::max(drained.most_resident_bytes, daemon->usage().most_resident_bytes);
  }
  drained.finished = drained.rows >= options.rows;
  drained.cpu = meter.used(own);
  check(world, drained, options);
  time_by_marks(database, options, drained);
  return drained;
}

}  // namespace outboxd::bench
