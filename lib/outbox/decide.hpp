// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/failure.hpp"
#include "outbox/outcome.hpp"
#include "outbox/retry_policy.hpp"
#include "outbox/row.hpp"

#include <string>

namespace outboxd {

/// What became of one row's entry.
struct Reply {
  Fault fault = Fault::none;
  /// The entry's id when it was published, otherwise the reason for people, without contents of rows.
  std::string text;
  /// Of an unanswered one: it was sent alone while other entries went through, so the fault may be its own.
  bool singled_out = false;
  /// The reason in the server's own words, which may echo the row, for its `last_error` alone; empty: as `text`.
  std::string word_for_word{};
};

/// Turns what became of a row into what is written about it. `random` in [0, 1) goes into the retry delay.
[[nodiscard]] Outcome decide(const Row& row, const Reply& reply, const RetryPolicy& policy, double random);

}  // namespace outboxd
