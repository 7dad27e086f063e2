// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace outboxd::enqueue {

/// Generates UUIDs of version 7 (RFC 9562) whose texts sort in the order of generation: 48 bits of Unix milliseconds,
/// a 12-bit counter that starts in each millisecond at a random number of its lower half, and 62 random bits. If the
/// clock stands still or steps back, the last millisecond is kept and the counter continues; a full counter moves on
/// to the next millisecond. Not thread-safe; new_uuid7() is.
class Uuid7Generator {
 public:
  using Clock = std::function<std::chrono::milliseconds()>;
  using Random = std::function<std::uint64_t()>;

  /// `clock` gives the time since the Unix epoch; `random` 64 random bits.
  Uuid7Generator(Clock clock, Random random) : clock_(std::move(clock)), random_(std::move(random)) {}

  /// The next UUID, in the usual 36 lower-case characters.
  [[nodiscard]] std::string next();

 private:
  Clock clock_;
  Random random_;
  std::uint64_t millisecond_ = 0;
  std::uint32_t counter_ = 0;
};

/// The next UUID of the process, by the system's clock and random source. May be called from any thread.
[[nodiscard]] std::string new_uuid7();

}  // namespace outboxd::enqueue
