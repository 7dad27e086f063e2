// SPDX-License-Identifier: Apache-2.0
#include "outbox/decide.hpp"

namespace outboxd {
namespace {

/// Adds the same words before the text that is written and the text that is shown.
Outcome with_reason(Outcome outcome, const std::string& ours, const Reply& reply) {
  outcome.error = ours + (reply.word_for_word.empty() ? reply.text : reply.word_for_word);
  outcome.shown = ours + reply.text;
  return outcome;
}

Outcome spend_attempt(const Row& row, const Reply& reply, const RetryPolicy& policy, double random) {
  if (policy.exhausted_by(row.attempt)) {
    return with_reason({row.id, Verdict::dead},
                       "gave up after " + std::to_string(row.attempt) + " attempts: ", reply);
  }
  return with_reason({row.id, Verdict::retry, policy.delay_after(row.attempt, random)}, "", reply);
}

Outcome give_back(const Row& row, const Reply& reply, const RetryPolicy& policy, double random) {
  return with_reason({row.id, Verdict::release, policy.delay_after(row.attempt, random)}, "", reply);
}

}  // namespace

Outcome decide(const Row& row, const Reply& reply, const RetryPolicy& policy, double random) {
  switch (reply.fault) {
    case Fault::none:
      return {row.id, Verdict::published};
    case Fault::bad_row:
    case Fault::attempts_exhausted:
      return with_reason({row.id, Verdict::dead}, "", reply);
    case Fault::entry_refused:
      return spend_attempt(row, reply, policy, random);
    case Fault::unanswered:
      // A server that answers no request in time is an outage, and no row dies of one: the last attempt is given
      // back.
      if (policy.exhausted_by(row.attempt) && !reply.singled_out) return give_back(row, reply, policy, random);
      return spend_attempt(row, reply, policy, random);
    case Fault::refused:
    case Fault::out_of_memory:
      return give_back(row, reply, policy, random);
    case Fault::stream_refused:
      // Long enough for other rows of the stream to be tried first, in case the row itself is at fault after all.
      return with_reason({row.id, Verdict::release, policy.delay_after(1, random)}, "", reply);
    case Fault::stream_blocked:
      return with_reason({row.id, Verdict::release}, "", reply);
    case Fault::redis_unavailable:
    case Fault::redis_unreachable:
    case Fault::redis_login_refused:
    case Fault::lease_expiring:
    case Fault::stopping:
      break;
  }
  return {row.id, Verdict::release};
}

}  // namespace outboxd
