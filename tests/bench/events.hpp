// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::bench {

/// The four streams over which events are spread evenly.
[[nodiscard]] const std::vector<std::string>& streams();

/// SQL expressions for the event with number `n` (a bigint in the SQL); they always give the same event.
struct EventSql {
  /// The text of a UUIDv7, in the order of n.
  static std::string id();
  static std::string stream();
  /// A payload as services write it, about 350 bytes of JSON text.
  static std::string payload();
};

/// One statement that inserts the events 1 to `rows` into `event_outbox`. They are due since an hour, each a moment
/// after the one before, as if each had a transaction of its own.
[[nodiscard]] std::string insert_events_sql(std::int64_t rows);

/// The same events for `caracal_outbox`.
[[nodiscard]] std::string insert_caracal_events_sql(std::int64_t rows);

}  // namespace outboxd::bench
