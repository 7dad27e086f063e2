// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/claims.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/idle_wait.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/redis_gate.hpp"
#include "dispatch/shared.hpp"
#include "dispatch/work.hpp"

#include <cstddef>

namespace outboxd::dispatch {

/// While Redis refuses everything: sends a few rows to find out whether it takes other entries.
class BreakerProbe {
 public:
  /// All references must outlive it.
  BreakerProbe(Shared shared, Claims& claims, RedisGate& gate, IdleWait& idle, HeldRows& held, Queue<Work>& work)
      : shared_{shared}, claims_{claims}, gate_{gate}, idle_{idle}, held_{held}, work_{work} {}

  /// Sends rows of streams that are not known to be refused; with `all`, also rows of refused streams. When there is
  /// no time to wait for Redis, sends as many rows as it takes to give up.
  Awaitable<void> run(bool all);

 private:
  /// False when no row was found to send.
  Awaitable<bool> explore(bool all);
  /// Returns how many rows were sent.
  Awaitable<std::size_t> explore_some(std::size_t limit, bool all);

  Shared shared_;
  Claims& claims_;
  RedisGate& gate_;
  IdleWait& idle_;
  HeldRows& held_;
  Queue<Work>& work_;
};

}  // namespace outboxd::dispatch
