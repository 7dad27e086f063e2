// SPDX-License-Identifier: Apache-2.0
#include "faults/check.hpp"

#include "support/outbox_table.hpp"
#include "support/signature.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace outboxd::faults {
namespace {

struct TableRow {
  std::string stream;
  std::int64_t attempts = 0;
  bool published = false;
  bool dead = false;
  std::string number;
  std::string last_error;
};

std::map<std::string, TableRow> table_of(World& world) {
  std::map<std::string, TableRow> table;
  for (const auto& line : world.database().rows("SELECT id, stream_name, attempts, dispatched_at IS NOT NULL, "
                                                "available_at = 'infinity', payload_json->>'n',"
                                                " last_error FROM event_outbox")) {
    table[line[0]] = {line[1], std::stoll(line[2]), line[3] == "t", line[4] == "t", line[5], line[6]};
  }
  return table;
}

/// Counts how often each id is in the stream, and reports entries that don't match their rows.
std::map<std::string, std::int64_t> entries_of(World& world, const std::string& stream,
                                               const std::map<std::string, TableRow>& table, Result& result) {
  std::map<std::string, std::int64_t> times;
  std::int64_t wrong = 0;
  for (const auto& entry : world.redis().probe().xrange(stream)) {
    const auto& id = entry.at("outbox_id");
    ++times[id];
    const auto row = table.find(id);
    const bool right = row != table.end() && row->second.stream == stream && entry.at("n") == row->second.number &&
                       entry.at("_sig") == test::expected_signature(stream, entry.fields);
    wrong += right ? 0 : 1;
  }
  if (wrong > 0)
    result.broken.push_back(std::to_string(wrong) + " entries of " + stream + " aren't what their row says");
  return times;
}

/// The counts over all streams.
struct Counts {
  std::set<std::string> lost;
  std::int64_t unsettled = 0;
  std::int64_t spent = 0;
  /// Published entries whose rows are not marked published.
  std::int64_t untidy = 0;
};

void expect_at_most(Result& result, std::int64_t found, std::int64_t allowed, const std::string& what) {
  if (found <= allowed) return;
  result.broken.push_back(std::to_string(found) + " " + what + ", " + std::to_string(allowed) + " allowed");
}

/// A poison row must be dead with its reason, and unpublished.
void check_dead(const std::string& id, const TableRow& row, const std::string& reason, bool in_stream,
                Result& result) {
  ++result.dead_wanted;
  if (!row.dead) result.broken.push_back(id + " isn't dead, and had to be");
  if (in_stream) result.broken.push_back(id + " had to die, and is in its stream");
  if (row.last_error.find(reason) == std::string::npos) {
    result.broken.push_back(id + " says \"" + row.last_error + "\" instead of " + reason);
  }
}

void count_row(const std::string& id, const TableRow& row, bool in_stream, Counts& counts, Result& result) {
  const auto spent = std::max<std::int64_t>(0, row.attempts - 1);
  result.attempts_spent += spent;
  counts.spent += spent;
  if (row.published && !in_stream) counts.lost.insert(id);
  if (row.published && (row.attempts < 1 || row.last_error != "NULL")) ++counts.untidy;
  counts.unsettled += row.published || row.dead ? 0 : 1;
}

void count_stream(World& world, const std::string& stream, const std::map<std::string, TableRow>& table,
                  Counts& counts, Result& result) {
  const auto times = entries_of(world, stream, table, result);
  for (const auto& [id, count] : times) result.repeats += count - 1;
  for (const auto& [id, row] : table) {
    if (row.stream != stream) continue;
    result.dead += row.dead ? 1 : 0;
    const auto poison = world.poison().find(id);
    if (poison == world.poison().end()) {
      count_row(id, row, times.contains(id), counts, result);
    } else {
      check_dead(id, row, poison->second, times.contains(id), result);
    }
  }
}

/// If two dispatchers share a table, both must have published rows; otherwise the case proves nothing.
void check_shares(World& world, Result& result) {
  const auto settled_by = [&world](const std::string& pattern) {
    return test::count_rows(world.database(),
                            "dispatched_at IS NOT NULL AND locked_by LIKE " + test::literal(pattern));
  };
  if (settled_by(test::OlderDispatcher::kName) == 0)
    result.broken.emplace_back("the in-process dispatcher did nothing");
  if (settled_by("outboxd:%") == 0) result.broken.emplace_back("outboxd did nothing");
}

}  // namespace

void check_rows_and_entries(World& world, const Case& one, int rounds, const std::vector<std::string>& committed,
                            Result& result) {
  const auto table = table_of(world);
  Counts counts;
  for (const auto& stream : world.streams()) count_stream(world, stream, table, counts, result);
  for (const auto& id : committed) {
    if (!table.contains(id)) counts.lost.insert(id);
  }
  if (one.world.in_process) check_shares(world, result);
  const auto in_flight = kBatchRows * kBatchesInFlight * one.world.daemons * rounds;
  result.rows = static_cast<std::int64_t>(committed.size());
  result.lost = static_cast<std::int64_t>(counts.lost.size());
  result.repeats_allowed = one.repeats_a_round ? *one.repeats_a_round * rounds : in_flight;
  expect_at_most(result, result.lost, 0, "rows lost");
  expect_at_most(result, result.dead, result.dead_wanted, "rows dead");
  expect_at_most(result, counts.unsettled, 0, "rows still unsettled");
  expect_at_most(result, counts.untidy, 0, "published rows with attempts = 0 or a last_error");
  expect_at_most(result, result.repeats, result.repeats_allowed, "repeats");
  expect_at_most(result, counts.spent, one.attempts == Attempts::none ? 0 : in_flight, "attempts spent");
}

}  // namespace outboxd::faults
