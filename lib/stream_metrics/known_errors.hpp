// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/resp.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::stream_metrics {

using Command = std::vector<std::string>;
using TimePoint = std::chrono::steady_clock::time_point;

/// A word for the reason why an answer is no use, for a label: "forbidden", "unsupported", "too_large", "wrong_type"
/// or "failed"; empty for an answer that is no error.
[[nodiscard]] std::string_view word_of(const redis::Value& answer);

/// Whether an error will not go away by itself: a missing right, a command that the server doesn't have, an answer
/// over the bounds.
[[nodiscard]] bool is_lasting(const redis::Value& answer);

/// The answer that stands for one over the bounds.
[[nodiscard]] redis::Value over_bounds();

/// The size of an answer, and of all within it.
[[nodiscard]] std::size_t size_of(const redis::Value& answer);

struct SizedAnswer {
  Command command;
  std::size_t bytes = 0;
};
/// The commands with the largest answers, without which all others together are within the budget.
[[nodiscard]] std::vector<Command> over_budget(std::vector<SizedAnswer> answers, std::size_t budget);

/// The lasting errors of the last hour. A command that has one is not sent meanwhile. Pure.
class KnownErrors {
 public:
  static constexpr std::chrono::hours kAskedAgainAfter{1};

  /// The error that this command would get; null where it is to be sent.
  [[nodiscard]] const redis::Value* of(const Command& command, TimePoint now) const;
  /// Remembers the answer if it is a lasting error.
  void note(const Command& command, const redis::Value& answer, TimePoint now);
  /// Forgets all, as another login may have other rights.
  void clear() { errors_.clear(); }

 private:
  struct Known {
    redis::Value answer;
    TimePoint since;
  };
  /// More are asked each time.
  static constexpr std::size_t kMost = 10'000;

  std::map<Command, Known> errors_;
};

}  // namespace outboxd::stream_metrics
