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

/// One row's entry in a pipelined write, and the reply to it.
struct SentEntry {
  std::string_view id;
  std::string_view stream;
  /// Never null; the reply outlives this.
  Reply* reply;
};

/// Judges whose fault it is that Redis refuses entries, or leaves them unanswered.
///
/// The words of an error are a guess at best: a proxy or a managed service has words of its own. What decides is
/// which other entries go through. An entry is at fault only when others of its stream were taken after it had been
/// refused; otherwise its stream is at fault, if entries of other streams are taken; otherwise Redis refuses all
/// entries. Words with which a row was refused before it went through unchanged never count as a row's fault. The
/// memory is bounded.
class Refusals {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The largest number of rows, and of streams, that are remembered.
  static constexpr std::size_t kMostRemembered = 10'000;
  /// Several retry delays, as other dispatchers may lease a row meanwhile.
  static constexpr std::chrono::minutes kMemory{10};
  /// How long after an unanswered write retried rows go out one by one: longer than any retry delay.
  static constexpr std::chrono::minutes kSuspicion{2};

  /// Sets the faults of the replies to one write (with errors as guess_by_words() leaves them), and singled_out.
  /// Returns the entries that are at fault only by what went through earlier: an outage may have begun since, so a
  /// probe of their stream has to confirm it.
  std::vector<SentEntry> judge(std::span<const SentEntry> sent, TimePoint now);

  /// A probe has shown that Redis serves in general: refusals from now on are the stream's fault.
  void served() { ++served_; }

  /// A row of an unanswered write may have broken the connection: alone, it harms no neighbour.
  [[nodiscard]] bool isolates(TimePoint now) const { return now < suspicion_ends_; }
  /// Whether the row was in an unanswered write, and has had no answer since.
  [[nodiscard]] bool was_unanswered(const std::string& id) const { return unanswered_.contains(id); }

 private:
  struct RefusedRow {
    TimePoint since;
    /// How many entries of its stream had been taken at that time.
    std::uint64_t taken_of_stream = 0;
    /// The error that refused it.
    std::string words;
  };
  struct UnansweredRow {
    TimePoint since;
    /// The value of `taken_` at that time.
    std::uint64_t taken = 0;
  };
  struct RefusedStream {
    TimePoint since;
    /// No entry of the stream has been taken since.
    bool is_refused = false;
    std::uint64_t taken = 0;
    /// The value of `served_` at the stream's last refusal.
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

  /// How many entries were taken, whatever their streams.
  std::uint64_t taken_ = 0;
  /// As `taken_`, plus probes that showed that Redis serves.
  std::uint64_t served_ = 0;
  std::map<std::string, RefusedRow, std::less<>> rows_;
  std::map<std::string, UnansweredRow, std::less<>> unanswered_;
  std::map<std::string, RefusedStream, std::less<>> streams_;
  /// The words of refusals that passed, and when they last did.
  std::map<std::string, TimePoint> passing_;
  TimePoint suspicion_ends_{};
  TimePoint swept_at_{};
};

}  // namespace outboxd
