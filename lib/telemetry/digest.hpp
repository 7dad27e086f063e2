// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/utf8.hpp"
#include "telemetry/reason_kind.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outboxd::telemetry {

/// Admits one log line per subject, kind of reason and minute, and sums up the others when that minute is over.
/// Subjects and reasons come from rows and servers, so no more than 200 groups are kept at a time, each identified by
/// the first 200 bytes of both; all further events share one group.
class Digest {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kPeriod{60};
  static constexpr std::size_t kMostGroups = 200;
  static constexpr std::size_t kMostIds = 5;

  struct Id {
    std::string id;
    std::uint64_t times = 0;
  };
  /// The events of a group that had no line in their minute.
  struct Summary {
    /// Empty, like the reason, for the shared group.
    std::string subject;
    /// The first reason of the group.
    std::string reason;
    std::uint64_t count = 0;
    /// The first few ids, each once.
    std::vector<Id> ids;
  };

  /// Whether to write a line about this event now. Otherwise `count` events are added to the summary.
  bool admit(std::string_view subject, std::string_view reason, std::string_view id, TimePoint now,
             std::uint64_t count = 1) {
    Key key{utf8::shortened(subject, kLongest), utf8::shortened(kind_of(reason), kLongest)};
    auto group = groups_.find(key);
    if (group == groups_.end()) {
      const bool fits = groups_.size() < kMostGroups;
      if (!fits) key = {};
      const auto [place, is_new] = groups_.try_emplace(
          std::move(key), Group{now, {std::string{subject}, utf8::shortened(reason, kLongest), 0, {}}});
      if (is_new && !fits) place->second.withheld = {};
      if (is_new) return true;
      group = place;
    }
    auto& withheld = group->second.withheld;
    withheld.count += count;
    if (!id.empty()) remember(withheld.ids, utf8::shortened(id, kLongest));
    return false;
  }

  /// The groups whose minute is over (`all`: every group), if events were withheld from the log. They start again.
  std::vector<Summary> over(TimePoint now, bool all = false) {
    std::vector<Summary> summaries;
    for (auto place = groups_.begin(); place != groups_.end();) {
      auto& group = place->second;
      const bool is_over = all || now - group.began >= kPeriod;
      const bool is_idle = group.withheld.count == 0;
      if (is_over && !is_idle) {
        summaries.push_back(group.withheld);
        group = {now, {group.withheld.subject, group.withheld.reason, 0, {}}};
      }
      place = is_over && (is_idle || all) ? groups_.erase(place) : std::next(place);
    }
    return summaries;
  }

 private:
  static void remember(std::vector<Id>& ids, std::string id) {
    const auto known = std::ranges::find(ids, id, &Id::id);
    if (known != ids.end()) {
      ++known->times;
    } else if (ids.size() < kMostIds) {
      ids.push_back({std::move(id), 1});
    }
  }

  static constexpr std::size_t kLongest = 200;
  using Key = std::pair<std::string, std::string>;
  struct Group {
    TimePoint began{};
    Summary withheld;
  };

  std::map<Key, Group> groups_;
};

}  // namespace outboxd::telemetry
