// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/utf8.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::telemetry {

/// Remembers which streams have had rows refused, until a minute has passed without a refusal. Names come from rows,
/// so no more than 200 are kept at a time. Pure.
class StreamTroubles {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kQuiet{60};
  static constexpr std::size_t kMost = 200;

  struct Trouble {
    std::string stream;
    TimePoint first{};
    TimePoint last{};
    std::uint64_t refusals = 0;
  };

  /// A row of the stream was refused.
  void refused(std::string_view stream, TimePoint now) {
    auto name = utf8::shortened(stream, kLongestName);
    const auto known = troubles_.find(name);
    if (known == troubles_.end() && troubles_.size() >= kMost) return;
    auto& trouble =
        known == troubles_.end() ? troubles_.emplace(name, Trouble{name, now, now, 0}).first->second : known->second;
    trouble.last = now;
    ++trouble.refusals;
  }

  /// The streams without a refusal for a minute; they are forgotten.
  std::vector<Trouble> over(TimePoint now) {
    std::vector<Trouble> ended;
    std::erase_if(troubles_, [&](const auto& known) {
      if (now - known.second.last < kQuiet) return false;
      ended.push_back(known.second);
      return true;
    });
    return ended;
  }

 private:
  static constexpr std::size_t kLongestName = 200;
  std::map<std::string, Trouble, std::less<>> troubles_;
};

}  // namespace outboxd::telemetry
