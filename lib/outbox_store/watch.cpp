// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/watch.hpp"

#include "outbox_store/by_halves.hpp"
#include "outbox_store/snapshot_holder.hpp"
#include "postgres/array_literal.hpp"

#include <utility>
#include <vector>

namespace outboxd::postgres {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Sightings further apart are not of the same absence.
constexpr std::chrono::seconds kInARow{2};
// More rows than this below the mark are claimed in order, from the first of them on.
constexpr std::size_t kMany = 1'000;
constexpr const char* kEnd = "infinity";

}  // namespace

Watch::Result Watch::look(Statements& statements, const Layout& layout, const Request& request) {
  Result result;
  const auto began = SteadyClock::now();
  const Statements::Stopwatch watch{statements};
  // Without a mark every claim walks over all of it, and is quick.
  auto reach = request.mark.empty() ? Reach::all : pace_.next(began);
  if (!layout.look_out.empty()) look_for_the_dead(statements, layout, request, reach, result);
  // Their rows may be due since long ago.
  if (!result.seen.freed.empty()) reach = Reach::all;
  if (!request.mark.empty() && reach != Reach::nothing) sweep(statements, layout, request, reach, result);
  const auto ended = SteadyClock::now();
  pace_.looked(reach, ended, ended - began);
  if (reach == Reach::all) tell_of_slow_looks(statements, watch.elapsed(), result);
  result.seen.some_overlooked = !result.overlooked.ids.empty() || !result.overlooked.many_from.empty();
  return result;
}

void Watch::look_for_the_dead(Statements& statements, const Layout& layout, const Request& request, Reach reach,
                              Result& result) {
  auto& seen = result.seen;
  const auto now = SteadyClock::now();
  if (now - std::exchange(looked_at_, now) > kInARow) missing_.clear();
  if (reach == Reach::nothing && missing_.empty()) return;
  const std::string from = reach == Reach::all ? LowWaterMark::kStart : reach == Reach::lately ? request.mark : kEnd;
  // Whether one who was missing is back takes no walk over the table.
  std::vector<std::string> known;
  for (const auto& [worker, times] : missing_) known.push_back(worker);
  std::map<std::string, int> missing;
  for (const auto& line : exec(statements, layout.look_out, or_null(request.due_by), from, array_literal(known))) {
    if (line[0].is_null()) {
      seen.suspects.push_back(text_of(line[1]));
      continue;
    }
    if (request.workers_may_reconnect) continue;
    auto worker = text_of(line[0]);
    const auto before = missing_.find(worker);
    const int times = before == missing_.end() ? 1 : before->second + 1;
    if (times >= request.sightings) {
      seen.freed.push_back(worker);
    } else {
      missing.emplace(std::move(worker), times);
    }
  }
  missing_ = std::move(missing);
  seen.some_missing = !missing_.empty();
  if (seen.freed.empty()) return;
  if (!look_after_leases(statements, layout.free_leases, array_literal(seen.freed))) seen.freed.clear();
}

void Watch::sweep(Statements& statements, const Layout& layout, const Request& request, Reach reach, Result& result) {
  const Statements::Stopwatch watch{statements};
  const auto found =
      exec(statements, layout.overlooked, kMany, request.mark,
           reach == Reach::all ? LowWaterMark::kStart : request.mark, array_literal(request.except_streams));
  auto& overlooked = result.overlooked;
  if (row_count(found) == kMany) overlooked.many_from = text_of(found[0][1]);
  for (const auto& line : found) {
    if (!overlooked.many_from.empty()) break;
    if (line[0].is_null()) {
      // Its id is too long to claim it by.
      overlooked.many_from = text_of(line[1]);
    } else {
      overlooked.ids.push_back(text_of(line[0]));
    }
  }
  if (reach == Reach::all) overlooked.swept = watch.elapsed();
}

void Watch::tell_of_slow_looks(Statements& statements, std::chrono::nanoseconds took, Result& result) {
  const auto news = slow_looks_.looked(SteadyClock::now(), took);
  if (news == SlowLooks::News::quick) result.seen.slow.emplace();
  if (news != SlowLooks::News::slow) return;
  result.seen.slow = find_snapshot_holder(statements);
  result.seen.slow->took = took;
}

}  // namespace outboxd::postgres
