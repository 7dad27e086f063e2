// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/watch.hpp"

#include "outbox_store/bisect.hpp"
#include "outbox_store/snapshot_holder.hpp"
#include "postgres/array_literal.hpp"

#include <utility>
#include <vector>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using postgres::array_literal;
using postgres::exec;
using postgres::or_null;
using postgres::row_count;
using postgres::Statements;
using postgres::text_of;

namespace {

using SteadyClock = std::chrono::steady_clock;

// More rows than this below the mark are claimed in order, from the first of them on.
constexpr std::size_t kMany = 1'000;
constexpr const char* kEnd = "infinity";

}  // namespace

Watch::Result Watch::scan(Statements& statements, const Layout& layout, const Request& request,
                          const Claimed& claimed) {
  Result result;
  const auto began = SteadyClock::now();
  const Statements::Stopwatch watch{statements};
  // Without a mark every claim walks over all rows, and is quick.
  const auto reach = claimed.mark.empty() ? Reach::all : pace_.next(began);
  result.scan.workers.at = began;
  if (!layout.scan_leases.empty()) scan_leases(statements, layout, request, claimed, reach, result.scan);
  if (!claimed.mark.empty() && reach != Reach::nothing) {
    result.overlooked = sweep(statements, layout, claimed, reach);
  }
  const auto ended = SteadyClock::now();
  pace_.looked(reach, ended, ended - began);
  if (reach == Reach::all) report_slow_scans(statements, watch.elapsed(), result);
  result.scan.some_overlooked = !result.overlooked.ids.empty() || !result.overlooked.many_from.empty();
  return result;
}

void Watch::scan_leases(Statements& statements, const Layout& layout, const Request& request, const Claimed& claimed,
                        Reach reach, dispatch::LeaseScan& scan) {
  if (reach == Reach::nothing && request.known.empty()) return;
  // Checking whether a known worker is back needs no walk over the table.
  const std::string from = reach == Reach::all ? LowWaterMark::kStart : reach == Reach::lately ? claimed.mark : kEnd;
  for (const auto& line :
       exec(statements, layout.scan_leases, or_null(request.due_by), from, array_literal(request.known))) {
    if (line[0].is_null()) {
      scan.poison_candidates.push_back(text_of(line[1]));
    } else {
      scan.workers.missing.push_back(text_of(line[0]));
    }
  }
}

std::optional<Overlooked> Watch::end_leases(Statements& statements, const Layout& layout,
                                            const std::vector<std::string>& workers, const Claimed& claimed) {
  if (!look_after_leases(statements, layout.release_leases, array_literal(workers))) return std::nullopt;
  if (claimed.mark.empty()) return Overlooked{};
  // These rows may have been due for long.
  return sweep(statements, layout, claimed, Reach::all);
}

Overlooked Watch::sweep(Statements& statements, const Layout& layout, const Claimed& claimed, Reach reach) {
  const Statements::Stopwatch watch{statements};
  const auto found =
      exec(statements, layout.overlooked, kMany, claimed.mark,
           reach == Reach::all ? LowWaterMark::kStart : claimed.mark, array_literal(claimed.except_streams));
  Overlooked overlooked;
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
  return overlooked;
}

void Watch::report_slow_scans(Statements& statements, std::chrono::nanoseconds took, Result& result) {
  const auto news = slow_scans_.looked(SteadyClock::now(), took);
  if (news == SlowScans::News::quick) result.scan.slow.emplace();
  if (news != SlowScans::News::slow) return;
  result.scan.slow = find_snapshot_holder(statements);
  result.scan.slow->took = took;
}

}  // namespace outboxd::outbox_store
