// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/claim_size.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/prepare.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/redis_gate.hpp"
#include "dispatch/shared.hpp"
#include "dispatch/work.hpp"
#include "entry/encoder.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

/// Takes claimed batches to their streams: encodes, signs and sends them, and decides the outcomes of their rows.
class Sender {
 public:
  /// Where batches come from, and where their outcomes go.
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

  /// Until the end of the work, which it passes on.
  Awaitable<void> run();
  void use_encoder(entry::Encoder encoder) { encoder_ = std::move(encoder); }  ///< From now on.

 private:
  Awaitable<Settlement> publish(Work work);
  /// Outcomes that need no sending, by their places in the claim.
  using Known = std::vector<std::pair<std::size_t, Outcome>>;
  /// Takes rows out of the claim that have been sent before.
  Known take_sent_before(ClaimedRows& claimed);
  Awaitable<std::vector<Reply>> send(const Prepared& prepared, const Work& work);
  /// Entries of blocked streams get their replies unsent, but for the first ones of each stream on trial.
  void hold_back(Prepared& prepared, const std::vector<Row>& rows) const;
  /// Why nothing may be sent now, if so.
  [[nodiscard]] std::optional<Reply> obstacle(const Work& work, bool explores) const;
  Settlement decide_all(ClaimedRows claimed, const Prepared& prepared);
  void account(const Row& row, const Reply& reply, const Outcome& outcome);

  Shared shared_;
  StreamSink& streams_;
  entry::Encoder encoder_;
  Queues queues_;
  RedisGate& gate_;
  HeldRows& held_;
  ClaimSize& size_;
};

}  // namespace outboxd::dispatch
