// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace outboxd {

/// Whose fault it is that a row was not published; decides whether an attempt is spent and whether claiming goes on.
enum class Fault {
  none,                ///< The row was published.
  bad_row,             ///< The row can never be encoded: dead at once, nothing was sent.
  attempts_exhausted,  ///< A poison row: claimed more often than allowed without an outcome. Dead, not sent again.
  refused,            ///< Redis refused the entry, and it is not known yet what is at fault: no attempt, tried later.
  entry_refused,      ///< Redis refuses this entry, while others of its stream go through: one attempt.
  stream_refused,     ///< Redis refuses the stream's entries, while others go through: no attempt, tried later.
  stream_blocked,     ///< Not sent, since its stream is refused: no attempt.
  redis_unavailable,  ///< Redis refuses all entries: released, and claiming pauses.
  redis_unreachable,  ///< Nothing was sent, since Redis was unreachable: as redis_unavailable.
  redis_login_refused,  ///< As redis_unreachable, since Redis refuses the user or the password.
  unanswered,           ///< Sent, and no answer came: one attempt, and possibly a duplicate.
  lease_expiring,       ///< The lease ran out, or nearly, before the row could be sent: released unsent.
  out_of_memory,        ///< This process has too little memory for the payload: no attempt, tried later.
  stopping,             ///< The shutdown deadline came first: released unsent.
};

/// The metric label of a fault, e.g. "entry_refused".
const char* to_string(Fault fault);

/// The first guess at the fault behind a Redis error reply (without its leading '-'): stream_refused,
/// redis_unavailable, or refused where its words are not known. No list of words can be complete, so Refusals judges
/// by which other entries go through.
Fault guess_by_words(std::string_view error);

}  // namespace outboxd
