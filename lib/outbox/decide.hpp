// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/failure.hpp"
#include "outbox/outcome.hpp"
#include "outbox/retry_policy.hpp"
#include "outbox/row.hpp"

#include <string>

namespace outboxd {

/// What Redis answered to one row's entry, or why the entry was not sent.
struct Reply {
  Fault fault = Fault::none;
  /// The entry's id when it was published, otherwise the reason as a readable text, without contents of rows.
  std::string text;
  /// For an unanswered entry: it was sent alone while other entries went through, so the fault may be its own.
  bool singled_out = false;
  /// The reason in the server's own words, only for the row's `last_error`, as it may echo the row; empty: as `text`.
  std::string word_for_word{};
};

/// Derives from the reply which outcome is written to the row. `random` in [0, 1) goes into the retry delay.
[[nodiscard]] Outcome decide(const Row& row, const Reply& reply, const RetryPolicy& policy, double random);

}  // namespace outboxd
