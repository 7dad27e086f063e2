// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/once_report.hpp"

#include "telemetry/escape.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>

namespace outboxd::daemon {
namespace {

const char* name_of(ExitStatus status) {
  switch (status) {
    case kDone:
      return "all_published";
    case kIncomplete:
      return "incomplete";
    case kCouldNotWork:
      return "could_not_work";
  }
  return "unknown";
}

}  // namespace

ExitStatus exit_status_of(const OnceResult& result) {
  const auto& tally = result.tally;
  if (!result.abort_reason.empty() && tally.claimed == 0) return kCouldNotWork;
  const bool all_written =
      tally.retried + tally.dead + tally.released_for_later + tally.unsettled + tally.leases_lost == 0;
  const bool nothing_left = result.backlog && result.backlog->due == 0;
  return result.abort_reason.empty() && all_written && nothing_left ? kDone : kIncomplete;
}

ExitStatus exit_status_of(std::span<const OnceResult> results) {
  const auto all = [results](ExitStatus status) {
    return std::ranges::all_of(results, [status](const auto& result) { return exit_status_of(result) == status; });
  };
  if (all(kDone)) return kDone;
  return all(kCouldNotWork) ? kCouldNotWork : kIncomplete;
}

std::string json_line_of(const OnceResult& result) {
  const auto& tally = result.tally;
  std::string dispatcher;
  telemetry::append_json(dispatcher, result.dispatcher);
  std::ostringstream line;
  line << R"({"dispatcher":")" << dispatcher << R"(","status":")" << name_of(exit_status_of(result))
       << R"(","claimed":)" << tally.claimed << R"(,"published":)" << tally.published << R"(,"retried":)"
       << tally.retried << R"(,"dead":)" << tally.dead << R"(,"released":)" << tally.released << R"(,"leases_lost":)"
       << tally.leases_lost << R"(,"unsettled":)" << tally.unsettled << R"(,"possible_duplicates":)"
       << tally.possible_duplicates << R"(,"remaining":)";
  if (result.backlog) {
    line << result.backlog->due << R"(,"remaining_is_at_least":)"
         << (result.backlog->due >= result.backlog->cap ? "true" : "false");
  } else {
    line << "null";
  }
  line << R"(,"seconds":)" << std::round(result.took.count() * 1000) / 1000 << "}";
  return line.str();
}

std::string progress_line_of(std::span<const OnceResult> so_far) {
  std::uint64_t published = 0;
  std::uint64_t left = 0;
  bool any_known = false;
  bool all_counted = true;
  std::chrono::duration<double> took{0};
  for (const auto& result : so_far) {
    published += result.tally.published;
    took = std::max(took, result.took);
    any_known = any_known || result.backlog;
    all_counted = all_counted && result.backlog && result.backlog->pending < result.backlog->cap;
    if (result.backlog) left += result.backlog->pending;
  }
  std::ostringstream line;
  line << "published " << published << ", "
       << (took.count() > 0 ? std::llround(static_cast<double>(published) / took.count()) : 0) << " rows/s";
  if (any_known) line << ", left " << left << (all_counted ? "" : "+");
  return line.str();
}

}  // namespace outboxd::daemon
