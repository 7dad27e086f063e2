// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "outbox/decide.hpp"
#include "outbox/outcome.hpp"
#include "outbox/row.hpp"

#include <optional>

namespace outboxd::dispatch {

/// A claimed row on its way to its stream, with its entry, the reply to it and its outcome.
struct Delivery {
  Row row;
  /// The entry to send; set unless the reply or the outcome is known without sending it.
  entry::Entry entry{};
  /// The row was sent before, or may have been, and got no answer.
  bool was_tried_before = false;
  /// Redis' answer to the entry, or why it was not sent.
  std::optional<Reply> reply{};
  std::optional<Outcome> outcome{};

  /// The outcome depends on Redis' answer.
  [[nodiscard]] bool is_to_be_sent() const { return !reply && !outcome; }
};

}  // namespace outboxd::dispatch
