// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace outboxd::telemetry {

/// Lets one log line a subject and minute through, and counts the others. What is known of subjects is bounded.
class LineRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Whether to write a line about this subject now; then, how many were kept back since the last one.
  std::optional<std::uint64_t> admit(std::string_view subject, TimePoint now = std::chrono::steady_clock::now()) {
    std::erase_if(subjects_,
                  [now](const auto& known) { return known.second.kept_back == 0 && is_over(known.second, now); });
    const auto key =
        subjects_.size() < kMostSubjects ? std::string{subject.substr(0, kLongestSubject)} : std::string{};
    const auto [known, is_new] = subjects_.try_emplace(key, State{now, 0});
    if (is_new) return 0;
    auto& state = known->second;
    if (is_over(state, now)) {
      state.last = now;
      return std::exchange(state.kept_back, 0);
    }
    ++state.kept_back;
    return std::nullopt;
  }

 private:
  struct State {
    TimePoint last;
    std::uint64_t kept_back = 0;
  };
  static constexpr std::size_t kMostSubjects = 200;
  static constexpr std::size_t kLongestSubject = 200;

  static bool is_over(const State& state, TimePoint now) { return now - state.last >= std::chrono::minutes{1}; }

  std::map<std::string, State> subjects_;
};

/// Lets a line for each change of a state through, unless there are many of them within a minute.
class ChangeRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class Line { its_own, last_of_many, none };

  /// What to write about this change: a line, a line and that further ones are kept back, or nothing.
  Line admit(TimePoint now = std::chrono::steady_clock::now()) {
    if (now - began_ >= std::chrono::minutes{1}) {
      began_ = now;
      lines_ = 0;
    }
    if (lines_ == kMost) return Line::none;
    return ++lines_ == kMost ? Line::last_of_many : Line::its_own;
  }

 private:
  static constexpr int kMost = 20;

  TimePoint began_{};
  int lines_ = 0;
};

}  // namespace outboxd::telemetry
