// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "streams/plan.hpp"
#include "streams/seen.hpp"
#include "streams/wanted.hpp"

#include <span>
#include <string>
#include <vector>

namespace outboxd::streams {

// Whether streams are as they should be. Pure.

struct Finding {
  /// From grave to harmless; only the first three are failures.
  enum class Kind { wrong_type, missing, over_bound, unknown, note };
  Kind kind = Kind::note;
  std::string stream{};
  /// Empty: the stream itself.
  std::string group{};
  std::string text{};
};

/// Everything that is wrong, or can't be known. Empty: provisioning would change nothing, and no bound is exceeded.
[[nodiscard]] std::vector<Finding> findings_of(std::span<const Wanted> wanted, std::span<const SeenStream> seen,
                                               const Plan& plan);

/// The exit status of `outboxd streams verify`.
enum class Verdict : int {
  as_declared = 0,
  /// Not even the kind of any key could be learned, or some answers were errors other than a missing right.
  nothing_known = 2,
  wrong_type = 3,
  missing = 4,
  over_bound = 5,
};

/// That of the gravest finding. What a missing right hides is no failure, unless that is all of it.
[[nodiscard]] Verdict verdict_of(std::span<const Finding> findings, std::span<const SeenStream> seen);

/// A finding's kind in JSON: "wrong_type", ….
[[nodiscard]] const char* to_string(Finding::Kind kind);

}  // namespace outboxd::streams
