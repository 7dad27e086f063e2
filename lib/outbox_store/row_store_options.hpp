// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "postgres/session_options.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace outboxd::outbox_store {

struct RowStoreOptions {
  postgres::SessionOptions session;
  /// The table's name as configured: `event_outbox` or `schema.table`.
  std::string table;
  outbox_table::TableShape shape = outbox_table::event_outbox_shape();
  /// The configured part of its SQL; the rest is found by inspecting the table.
  outbox_table::LayoutTerms terms{};
  /// The longest time between two claims while no error occurs.
  std::chrono::milliseconds poll_interval{250};
  /// How long published rows are kept; zero: for ever.
  std::chrono::milliseconds retention{0};
  /// Called on the event loop with warnings for the operator; may be empty.
  std::function<void(const std::string&)> warn{};
};

}  // namespace outboxd::outbox_store
