// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/claim_size.hpp"
#include "dispatch/delivery.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/redis_gate.hpp"
#include "dispatch/shared.hpp"
#include "dispatch/work.hpp"
#include "entry/encoder.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

/// Sends claimed batches to their streams: encodes, signs and sends them, and decides the outcomes of their rows.
class Sender {
 public:
  /// The queue that batches come from, and the queue that takes their outcomes.
  struct Queues {
    Queue<Work>& work;
    Queue<Settlement>& settlements;
  };

  /// All references must outlive it.
  Sender(Shared shared, StreamSink& streams, entry::Encoder encoder, Queues queues, RedisGate& gate, HeldRows& held,
         ClaimSize& size)
      : shared_{shared},
        streams_{streams},
        encoder_{std::move(encoder)},
        queues_{queues},
        gate_{gate},
        held_{held},
        size_{size} {}

  /// Runs until the queue of work ends; then ends the queue of outcomes.
  Awaitable<void> run();
  void use_encoder(entry::Encoder encoder) { encoder_ = std::move(encoder); }  ///< Used from now on.

 private:
  Awaitable<Settlement> publish(Work work);
  /// Decides the outcomes of rows that have been sent before, without sending them.
  void decide_sent_before(std::span<Delivery> batch, bool claims_count);
  /// On return each of these rows has its reply.
  Awaitable<void> send(std::span<Delivery* const> to_send, const Work& work);
  /// `since_claim`: the time from the claim to the reply.
  void report_latencies(std::span<Delivery* const> sent, std::chrono::nanoseconds since_claim);
  /// Sets the replies of rows of blocked streams, which are not sent, apart from the first rows of a stream on trial.
  void hold_back(std::span<Delivery> batch) const;
  /// Why no row may be sent now, if there is a reason.
  [[nodiscard]] std::optional<Reply> obstacle(const ClaimedRows& claimed, bool explores) const;
  Settlement settlement_of(std::span<Delivery> batch, ClaimedRows claimed);
  void decide_by_reply(Delivery& delivery, const ClaimedRows& claimed);
  /// Reports the outcome of a row that was not published.
  void account(const Row& row, const Reply& reply, const Outcome& outcome);

  Shared shared_;
  StreamSink& streams_;
  entry::Encoder encoder_;
  Queues queues_;
  RedisGate& gate_;
  HeldRows& held_;
  ClaimSize& size_;
  /// Of the last write; a member, so that its memory is used again.
  std::vector<std::chrono::nanoseconds> latencies_;
};

}  // namespace outboxd::dispatch
