// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/encoder.hpp"
#include "outbox/decide.hpp"
#include "outbox/row.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace outboxd::dispatch {

/// A claimed batch, encoded: what goes to Redis, and what already has its answer.
struct Prepared {
  /// Entries in claim order, without those of rows that can never be published.
  std::vector<entry::Entry> entries;
  /// For each entry, whether its row has been tried before.
  std::vector<bool> tried_before;
  /// For each row of the batch its reply, where there is no need to ask Redis; those without go with `entries`, in
  /// order.
  std::vector<std::optional<Reply>> replies;
  /// Rows whose payload carried reserved names, and how many of them were dropped.
  struct Dropped {
    std::size_t row = 0;
    std::size_t fields = 0;
  };
  std::vector<Dropped> reserved_dropped;
  /// Rows whose entry's signature is good for another entry, too; why, as a clause, and whether they are dead of it.
  struct Ambiguous {
    std::size_t row = 0;
    std::string_view why;
    bool dead = false;
  };
  std::vector<Ambiguous> ambiguous;
};

/// Encodes and signs a batch.
[[nodiscard]] Prepared prepare(std::span<const Row> rows, entry::Encoder& encoder, std::uint32_t max_attempts);

/// Where the writes of a batch (of one entry at least) end, as counts of entries: all in one, unless they are very
/// large; with `isolate`, each entry whose row has been tried before goes in a write of its own.
[[nodiscard]] std::vector<std::size_t> ends_of_writes(const Prepared& prepared, bool isolate);

/// Puts Redis' replies to the entries where the batch has none yet. `from_redis` has one reply for each entry.
void merge_replies(Prepared& prepared, std::vector<Reply> from_redis);

}  // namespace outboxd::dispatch
