// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::enqueue {

/// One row to be written.
struct Event {
  std::string stream;
  /// JSON text; Postgres has the last word on it.
  std::string payload_json;
  /// Where it came from, for error messages: "line 3". May be empty.
  std::string origin;
};

/// Rows that were not written: what is wrong, and with which of them.
class EnqueueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Inserts `events` into `table` (of event_outbox's layout; may be schema-qualified) in one transaction, all or none,
/// and returns their ids in the same order: UUIDv7 texts that sort in the order of `events`. Blocks.
/// Throws EnqueueError, std::invalid_argument for a malformed table name, pqxx::broken_connection (nothing was
/// written), pqxx::in_doubt_error (connection lost while committing).
std::vector<std::string> insert_events(pqxx::connection& connection, std::string_view table,
                                       const std::vector<Event>& events);

}  // namespace outboxd::enqueue
