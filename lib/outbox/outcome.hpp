// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace outboxd {

/// How one claim of a row ended. Every claimed row gets exactly one of these.
enum class Verdict {
  published,  ///< Redis answered with an entry id.
  retry,      ///< An attempt was spent; the row is due again after `delay`.
  dead,       ///< It will not be tried again without an operator.
  release,    ///< Given back with its attempt: the row was not at fault. Due again after `delay`, or at once.
};

/// The metric and log name of a verdict: "published", "retried", "dead", "released".
const char* to_string(Verdict verdict);

/// The outcome that is written to one claimed row.
struct Outcome {
  std::string id;
  Verdict verdict = Verdict::release;
  /// Time until the row is due again; only for retry and release.
  std::chrono::microseconds delay{0};
  /// The reason as a readable text; empty where there is none. Becomes the row's `last_error`, and may echo the row.
  std::string error{};
  /// The same text without contents of the row, for all other outlets.
  std::string shown{};
  /// For a published row: the number of its attempt.
  std::uint32_t attempt = 0;
};

}  // namespace outboxd
