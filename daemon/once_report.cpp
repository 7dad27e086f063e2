// SPDX-License-Identifier: Apache-2.0
#include "daemon/once_report.hpp"

#include <cmath>
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
  if (!result.gave_up_because.empty() && tally.claimed == 0) return kCouldNotWork;
  const bool all_written = tally.retried + tally.dead + tally.released_for_later + tally.unsettled == 0;
  const bool nothing_left = result.backlog && result.backlog->due == 0;
  return result.gave_up_because.empty() && all_written && nothing_left ? kDone : kIncomplete;
}

std::string json_line_of(const OnceResult& result) {
  const auto& tally = result.tally;
  std::ostringstream line;
  line << R"({"status":")" << name_of(exit_status_of(result)) << R"(","claimed":)" << tally.claimed
       << R"(,"published":)" << tally.published << R"(,"retried":)" << tally.retried << R"(,"dead":)" << tally.dead
       << R"(,"released":)" << tally.released << R"(,"leases_lost":)" << tally.leases_lost << R"(,"unsettled":)"
       << tally.unsettled << R"(,"possible_duplicates":)" << tally.possible_duplicates << R"(,"remaining":)";
  if (result.backlog) {
    line << result.backlog->due << R"(,"remaining_is_at_least":)"
         << (result.backlog->due >= result.backlog->cap ? "true" : "false");
  } else {
    line << "null";
  }
  line << R"(,"seconds":)" << std::round(result.took.count() * 1000) / 1000 << "}";
  return line.str();
}

std::string progress_line_of(const OnceResult& so_far) {
  const auto published = so_far.tally.published;
  const auto seconds = so_far.took.count();
  std::ostringstream line;
  line << "published " << published << ", "
       << (seconds > 0 ? std::llround(static_cast<double>(published) / seconds) : 0) << " rows/s";
  if (so_far.backlog) {
    const auto& backlog = *so_far.backlog;
    line << ", left " << backlog.pending << (backlog.pending >= backlog.cap ? "+" : "");
  }
  return line.str();
}

}  // namespace outboxd::daemon
