// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace outboxd {

/// Whose fault it is that a row was not published; decides whether an attempt is spent and whether claiming goes on.
enum class Fault {
  none,              ///< It was published.
  bad_row,           ///< Can never be encoded: dead at once, nothing was sent.
  worn_out,          ///< Claimed more often than allowed without an outcome: it takes its dispatchers down.
  entry_refused,     ///< Redis judged this entry: one attempt.
  stream_elsewhere,  ///< This server does not serve the stream's key now (cluster redirection): no attempt, tried
                     ///< later.
  redis_refuses,     ///< Redis refuses everyone: released, the dispatcher stays back.
  redis_away,        ///< Nothing was sent, since Redis could not be reached: as redis_refuses.
  unanswered,        ///< Sent, and no answer came: one attempt, and possibly a duplicate.
  lease_short,       ///< The lease ran out, or nearly, before the row could be sent: released unsent.
  short_of_memory,   ///< This process has not enough of it for the payload: no attempt, tried later.
  stopping,          ///< The shutdown deadline came first: released unsent.
};

/// The metric label of a fault, e.g. "entry_refused".
const char* to_string(Fault fault);

/// Reads a Redis error reply (without its leading '-') as one of entry_refused, stream_elsewhere, redis_refuses.
/// Error codes are those of redis.io's `server.c` (7.0 to 8.0), by the first word; see
/// tests/unit/outbox_failure_test.cpp.
Fault fault_of_redis_error(std::string_view error);

}  // namespace outboxd
