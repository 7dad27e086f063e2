// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "outbox/decide.hpp"
#include "outbox/outcome.hpp"
#include "outbox/row.hpp"

#include <optional>

namespace outboxd::dispatch {

/// A claimed row on its way to its stream, and what became of it.
struct Delivery {
  Row row;
  /// What goes to Redis; set where neither a reply nor an outcome is known without it.
  entry::Entry entry{};
  /// It was, or may have been, sent before, and not answered.
  bool was_tried_before = false;
  /// What Redis said to the entry, or why it was not sent.
  std::optional<Reply> reply{};
  std::optional<Outcome> outcome{};

  /// Only Redis can say what becomes of it.
  [[nodiscard]] bool is_to_be_sent() const { return !reply && !outcome; }
};

}  // namespace outboxd::dispatch
