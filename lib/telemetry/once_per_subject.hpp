// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// Lets one log line a subject through, for the process' life. Subjects come from rows, so no more than 200 are
/// known, each by its first 256 bytes; those after them get no line.
class OncePerSubject {
 public:
  bool admit(std::string_view subject) {
    return !is_full() && subjects_.emplace(subject.substr(0, kLongestSubject)).second;
  }

  [[nodiscard]] bool is_full() const { return subjects_.size() >= kMostSubjects; }

 private:
  static constexpr std::size_t kMostSubjects = 200;
  static constexpr std::size_t kLongestSubject = 256;

  std::set<std::string, std::less<>> subjects_;
};

}  // namespace outboxd::telemetry
