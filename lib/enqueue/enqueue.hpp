// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::enqueue {

/// A row to insert.
struct Event {
  std::string stream;
  /// JSON text; Postgres may still refuse it.
  std::string payload_json;
  /// Its place in the input, for error messages: "line 3". May be empty.
  std::string origin;
};

/// The rows were not written. The message says which row is wrong, and why.
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
