// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/resp.hpp"
#include "streams/seen.hpp"
#include "streams/wanted.hpp"

#include <span>
#include <string>
#include <vector>

namespace outboxd::streams {

// What provisioning does. Pure. Each command is safe to run again and in several processes at a time: the server
// itself refuses to create what exists already, and nothing that exists is changed.

/// One command that creates something.
struct Step {
  std::string stream;
  /// Empty: the first entry of a stream without groups.
  std::string group;
  std::vector<std::string> command;
  /// The server didn't say whether it is there already.
  bool may_exist = false;
};

/// A stream or group that is there already.
struct Existing {
  std::string stream;
  /// Empty: the stream.
  std::string group;
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Existing> existing;
  /// Keys that stop all of it, each with reason and remedy.
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

/// `seen` has an element for each of `wanted`, in the same order.
[[nodiscard]] Plan plan_of(std::span<const Wanted> wanted, std::span<const SeenStream> seen, bool with_optional);

/// What a step's command has led to.
struct StepResult {
  enum class Outcome { created, existed, refused };
  Outcome outcome = Outcome::refused;
  /// Why it was refused.
  std::string reason{};
};

[[nodiscard]] StepResult result_of(const Step& step, const redis::Value& answer);

/// A command as a shell takes it.
[[nodiscard]] std::string shell_line(const std::vector<std::string>& command);

/// The warning for a stream that is longer than its bound; empty if it isn't. Approximate trimming leaves up to about
/// a hundred entries more, which `is_usual` tells apart.
struct OverBound {
  std::string text{};
  bool is_usual = false;
};
[[nodiscard]] OverBound over_bound(const Wanted& wanted, const SeenStream& seen);

}  // namespace outboxd::streams
