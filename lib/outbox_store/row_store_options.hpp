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
  /// As people write it: `event_outbox` or `schema.table`.
  std::string table;
  outbox_table::TableShape shape = outbox_table::event_outbox_shape();
  /// What its SQL holds; the table's own part of it is found by looking.
  outbox_table::LayoutTerms terms{};
  /// The longest time between two claims, as far as nothing goes wrong.
  std::chrono::milliseconds poll_interval{250};
  /// Told, on the event loop, what an operator should know; may be empty.
  std::function<void(const std::string&)> warn{};
};

}  // namespace outboxd::outbox_store
