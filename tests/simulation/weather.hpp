// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/retry_policy.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <random>

namespace outboxd::simulation {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

/// How long an answer may take in fair weather.
inline constexpr Milliseconds kSlowestAnswer{20};

/// The only source of randomness in a run.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_{seed} {}

  double fraction() { return std::uniform_real_distribution{0.0, 1.0}(engine_); }
  bool happens(double probability) { return probability > 0 && fraction() < probability; }
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  Milliseconds between(Milliseconds shortest, Milliseconds longest) {
    return Milliseconds{std::uniform_int_distribution{shortest.count(), longest.count()}(engine_)};
  }

 private:
  std::mt19937_64 engine_;
};

/// The fault of a row itself. Only such rows may end dead.
enum class Poison : std::uint8_t {
  none,
  payload_no_object,
  payload_oversize,
  stream_empty,
  drops_connection,    ///< Redis ends the connection each time when it reads the entry.
  kills_when_claimed,  ///< The dispatcher's process dies as it prepares the row.
  kills_when_sent,     ///< The dispatcher's process dies as it sends the row.
  refused_each_time,   ///< Redis refuses the entry, and takes its neighbours.
  cannot_be_marked,    ///< The store never lets it be marked published.
};
inline constexpr std::size_t kPoisons = 9;

/// How often each fault happens: a probability per call unless stated otherwise; all zero once the storm is over.
struct Weather {
  double crash = 0;  ///< A process ends at a port call, before or after its effect, or inside a write.
  double stop = 0;   ///< A process is stopped during a port call.
  double statement_fails = 0;
  double answer_lost = 0;  ///< A statement has its effect, and its answer is lost.
  double stall = 0;        ///< A statement takes so long that leases run out, or its time-out ends it.
  double store_goes = 0;   ///< The store is unreachable for all or for one process, for up to minutes.
  double settlement_refused = 0;
  double outcome_refused = 0;  ///< Each outcome: the store refuses this one row.
  double row_locked = 0;       ///< Each due row: another session has it locked during a claim.
  double table_refuses = 0;    ///< The store refuses to write any row for a while.
  double lock_unseen = 0;      ///< A live worker's lock is missing for a moment.
  double redis_goes = 0;       ///< Redis is unreachable, refuses, or hangs, for all or for one process.
  double stream_moves = 0;     ///< A stream is refused for a while, in words of all kinds.
  double entry_refused = 0;    ///< Each entry: refused by itself.
  double cut = 0;              ///< The connection breaks inside a pipelined write.
};

/// The constants of a whole run.
struct Setting {
  RetryPolicy retry;
  std::uint64_t rows = 0;
  std::uint64_t processes = 2;
  bool other_program = false;
  /// Commits wake a waiting dispatcher.
  bool wake_ups = false;
  /// All entries of one stream are refused, until long after the storm.
  bool bad_stream = false;
  /// Share of the processes, while the storm lasts, that run with `once`.
  double once = 0;
  /// Share of the processes that are stopped some time after their start.
  double stopped_later = 0;
  /// Share of the rows that have each poison.
  std::array<double, kPoisons> poison{};
  /// Share of the rows that the store refuses to lease, or to settle.
  double refused_claims = 0;
  double refused_settlements = 0;
  /// Some of them are refused until long after the storm.
  bool refused_for_long = false;
  /// Some of these refusals take long.
  bool slow_refusals = false;
  /// The total size of the payloads and names of one claim.
  std::uint64_t batch_bytes = 1U << 20U;
  /// The largest payload of a row, in bytes.
  std::uint64_t most_row_bytes = 0;
  Milliseconds storm{};
  /// The interval between fresh rows.
  Milliseconds trickle{};
  Milliseconds longest_poll{};

  [[nodiscard]] bool has(Poison kind) const { return poison[static_cast<std::size_t>(kind)] > 0; }
  [[nodiscard]] bool has_refused_rows() const { return refused_claims + refused_settlements > 0; }
  [[nodiscard]] bool has_killers() const { return has(Poison::kills_when_claimed) || has(Poison::kills_when_sent); }
};

[[nodiscard]] Setting draw_setting(Chance& chance);
[[nodiscard]] Weather draw_weather(const Setting& setting, Chance& chance);

}  // namespace outboxd::simulation
