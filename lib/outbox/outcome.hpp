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

/// What is to be written about one claimed row.
struct Outcome {
  std::string id;
  Verdict verdict = Verdict::release;
  /// Time until the row is due again; only for retry and release.
  std::chrono::microseconds delay{0};
  /// Why, for people; empty where there is nothing to say. Becomes the row's `last_error`, and may echo the row.
  std::string error{};
  /// The same without contents of the row, for all other outlets.
  std::string shown{};
  /// Of a published one: which attempt it was.
  std::uint32_t attempt = 0;
};

}  // namespace outboxd
