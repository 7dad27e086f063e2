// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace outboxd {

/// Whose fault it is that a row was not published; decides whether an attempt is spent and whether claiming goes on.
enum class Fault {
  none,            ///< It was published.
  bad_row,         ///< Can never be encoded: dead at once, nothing was sent.
  worn_out,        ///< Claimed more often than allowed without an outcome: it takes its dispatchers down.
  refused,         ///< Redis answered with an error, and whose fault that is, is not known yet: no attempt, tried
                   ///< later.
  entry_refused,   ///< Redis refuses this entry, while others of its stream go through: one attempt.
  stream_refused,  ///< Redis refuses the stream's entries, while those of others go through: no attempt, tried later.
  stream_blocked,  ///< Not sent, since its stream is refused: no attempt.
  redis_refuses,   ///< Redis refuses everyone: released, the dispatcher stays back.
  redis_away,      ///< Nothing was sent, since Redis could not be reached: as redis_refuses.
  unanswered,      ///< Sent, and no answer came: one attempt, and possibly a duplicate.
  lease_short,     ///< The lease ran out, or nearly, before the row could be sent: released unsent.
  short_of_memory,  ///< This process has not enough of it for the payload: no attempt, tried later.
  stopping,         ///< The shutdown deadline came first: released unsent.
};

/// The metric label of a fault, e.g. "entry_refused".
const char* to_string(Fault fault);

/// The first guess at whose fault a Redis error reply (without its leading '-') is: stream_refused, redis_refuses, or
/// refused where its words say nothing. No list of words can be complete, so Refusals judges, by what else goes
/// through.
Fault guess_by_words(std::string_view error);

}  // namespace outboxd
