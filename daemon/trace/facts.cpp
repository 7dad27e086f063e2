// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/facts.hpp"

#include "daemon/commands/exit_status.hpp"

#include <algorithm>

namespace outboxd::daemon::trace {

bool is_found(const Facts& facts) {
  return std::ranges::any_of(facts.stories, [](const Story& story) {
    return story.row || std::ranges::any_of(story.streams, [](const auto& it) { return !it.entries.empty(); });
  });
}

int exit_status_of(const Facts& facts) {
  if (facts.is_unreachable) return kNotAllLookedAt;
  if (is_found(facts)) return kDone;
  const bool is_whole = std::ranges::all_of(facts.stories, [](const Story& story) {
    return std::ranges::all_of(story.streams, [](const StreamFacts& stream) {
      return stream.problem.empty() && stream.search.why_incomplete.empty();
    });
  });
  return is_whole && !facts.is_partial ? kIncomplete : kNotAllLookedAt;
}

}  // namespace outboxd::daemon::trace
