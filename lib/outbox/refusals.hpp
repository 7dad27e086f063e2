// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/decide.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd {

/// One entry of a pipelined write, by its row, and the reply to it.
struct SentEntry {
  std::string_view id;
  std::string_view stream;
  /// Never null; it outlives this.
  Reply* reply;
};

/// Judges whose fault it is that Redis refuses entries, or leaves them unanswered.
///
/// The words of an error are a guess at best: a proxy or a managed service has words of its own. What counts is what
/// else goes through. An entry is at fault only when others of its stream were taken after it had been refused; else
/// its stream is, when entries of other streams are taken; else everybody is refused. And words that a row was
/// refused with before it went through, unchanged, are no row's fault. What is remembered is bounded.
class Refusals {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// As many rows, and as many streams, are remembered at most.
  static constexpr std::size_t kMostRemembered = 10'000;
  /// Several retry delays, as other dispatchers may have a row meanwhile.
  static constexpr std::chrono::minutes kMemory{10};
  /// How long after an unanswered write retried rows go out one by one: longer than any retry delay.
  static constexpr std::chrono::minutes kSuspicion{2};

  /// Sets the faults of the replies to one write (with errors as guess_by_words() leaves them), and singled_out.
  /// Returns the entries that are found at fault by what went through earlier alone: an outage may have begun since,
  /// and a probe of their stream, now, tells.
  std::vector<SentEntry> judge(std::span<const SentEntry> sent, TimePoint now);

  /// A probe has shown that Redis serves in general: what is refused from now on is the stream's.
  void served() { ++served_; }

  /// One of the rows of an unanswered write may be what took the connection down: alone, it harms no neighbour.
  [[nodiscard]] bool isolates(TimePoint now) const { return now < suspicion_ends_; }
  /// Whether the row was in an unanswered write, and not answered since.
  [[nodiscard]] bool was_unanswered(const std::string& id) const { return unanswered_.contains(id); }

 private:
  struct RefusedRow {
    TimePoint since;
    /// Entries of its stream that had been taken then.
    std::uint64_t taken_of_stream = 0;
    /// What it was refused with.
    std::string words;
  };
  struct UnansweredRow {
    TimePoint since;
    /// `taken_` then.
    std::uint64_t taken = 0;
  };
  struct RefusedStream {
    TimePoint since;
    /// Nothing of it was taken since.
    bool is_refused = false;
    std::uint64_t taken = 0;
    /// `served_` at its last refusal.
    std::uint64_t served = 0;
  };
  struct Write;

  struct Told;
  Fault judge_error(const Write& write, const Told& told, bool& unsure) const;
  [[nodiscard]] bool went_through_since(const Write& write, const Told& told) const;
  void remember_taken(const Write& write);
  void remember_refused(const Write& write, TimePoint now);
  void remember_answers(std::span<const SentEntry> judged, TimePoint now);
  void forget_old(TimePoint now);

  /// Entries taken, whatever their streams.
  std::uint64_t taken_ = 0;
  /// As `taken_`, and probes.
  std::uint64_t served_ = 0;
  std::map<std::string, RefusedRow, std::less<>> rows_;
  std::map<std::string, UnansweredRow, std::less<>> unanswered_;
  std::map<std::string, RefusedStream, std::less<>> streams_;
  /// Words of refusals that passed, and when they did last.
  std::map<std::string, TimePoint> passing_;
  TimePoint suspicion_ends_{};
  TimePoint swept_at_{};
};

}  // namespace outboxd
