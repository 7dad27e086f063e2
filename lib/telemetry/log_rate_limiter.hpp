// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace outboxd::telemetry {

/// Admits one log line per subject and period, and counts the others. Subjects come from rows and clients, so no more
/// than 200 are kept at a time, each by its first 200 bytes, until their period is over; further subjects share one
/// place.
class LogRateLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit LogRateLimiter(std::chrono::seconds period = std::chrono::minutes{1}) : period_{period} {}

  /// Whether to write a line about this subject now; if so, how many lines were withheld since its last line.
  std::optional<std::uint64_t> admit(std::string_view subject, TimePoint now = std::chrono::steady_clock::now()) {
    subject = subject.substr(0, kLongestSubject);
    const auto known = subjects_.find(subject);
    if (known != subjects_.end()) return admit(known->second, now);
    forget_those_over(now);
    if (subjects_.size() == kMostSubjects) return admit(others_, now);
    subjects_.emplace(subject, State{now});
    return std::exchange(others_.withheld, 0);
  }

 private:
  struct State {
    std::optional<TimePoint> last{};
    std::uint64_t withheld = 0;
  };
  static constexpr std::size_t kMostSubjects = 200;
  static constexpr std::size_t kLongestSubject = 200;

  [[nodiscard]] bool is_over(const State& state, TimePoint now) const {
    return !state.last || now - *state.last >= period_;
  }

  std::optional<std::uint64_t> admit(State& state, TimePoint now) const {
    if (is_over(state, now)) {
      state.last = now;
      return std::exchange(state.withheld, 0);
    }
    ++state.withheld;
    return std::nullopt;
  }

  void forget_those_over(TimePoint now) {
    std::erase_if(subjects_, [&](const auto& known) {
      if (!is_over(known.second, now)) return false;
      others_.withheld += known.second.withheld;
      return true;
    });
  }

  std::chrono::seconds period_;
  std::map<std::string, State, std::less<>> subjects_;
  /// For subjects that are not kept: their lines, and the withheld lines of subjects that were forgotten.
  State others_;
};

/// Admits a line for each outage, unless there are more than ten of them within a minute.
class OutageRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class Line { its_own, last_of_many, none };

  /// What to write about this outage: a line, a line that says that further lines are withheld, or nothing.
  Line admit(TimePoint now = std::chrono::steady_clock::now()) {
    if (now - began_ >= std::chrono::minutes{1}) {
      began_ = now;
      lines_ = 0;
    }
    if (lines_ == kMost) return Line::none;
    return ++lines_ == kMost ? Line::last_of_many : Line::its_own;
  }

 private:
  static constexpr int kMost = 10;

  TimePoint began_{};
  int lines_ = 0;
};

}  // namespace outboxd::telemetry
