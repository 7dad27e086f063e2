// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/backoff.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd {

/// A circuit breaker for each stream that Redis refuses while it takes others.
///
/// A refused stream is left out of claims and probed with back-off. A probe can't show everything (a key of another
/// type, for instance), so an answered probe only puts the stream on trial: claims take its rows again, and each
/// claim sends one entry of the stream until one is taken or refused. Each further trial sends many more entries, as
/// the first ones may be bad. Stream names come from the programs that insert rows, so the number of blocked streams
/// is bounded.
class BlockedStreams {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Beyond this number a refused stream is not left out: its rows are given back with a delay, each in its turn.
  static constexpr std::size_t kMost = 1'000;
  /// A trial is over when no entry of the stream came within this time: no row is left that could be refused.
  static constexpr std::chrono::seconds kTrial{10};
  /// The largest number of entries that one trial sends.
  static constexpr std::size_t kMostOnTrial = 64;

  /// `shortest` and `longest` bound the waits between probes. Trials come less often, as they take rows from claims.
  BlockedStreams(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
      : shortest_{shortest}, longest_{longest} {}

  /// An entry or a probe of the stream was refused: the stream is left out until its next probe. True when the stream
  /// was not blocked before, or was blocked for another reason. `random` in [0, 1).
  bool refuse(const std::string& stream, const std::string& reason, TimePoint now, double random);
  /// An entry of the stream was taken. Returns since when the stream was blocked, if it was.
  std::optional<TimePoint> accept(const std::string& stream);
  /// A probe of the stream was answered.
  void put_on_trial(const std::string& stream, TimePoint now);
  /// Puts every stream that is left out on trial, probed or not.
  void put_all_on_trial(TimePoint now);
  /// The stream returned by next_probe() was not probed after all.
  void was_not_probed(const std::string& stream, TimePoint now);
  /// Redis answers again: all blocked streams are to be probed at once.
  void probe_all(TimePoint now);
  /// Ends the trials in which no entry came, and returns their streams.
  std::vector<std::string> end_idle_trials(TimePoint now);

  /// The next stream to probe, if one is due. It is not returned again until the probe's outcome is reported.
  [[nodiscard]] std::optional<std::string> next_probe(TimePoint now);
  /// When the next probe or the end of a trial is due; the end of time where no stream is blocked.
  [[nodiscard]] TimePoint next_at() const;

  /// How many of the stream's entries one claim may send; empty: all.
  [[nodiscard]] std::optional<std::size_t> entries_allowed(const std::string& stream) const;
  /// Streams whose rows are not to be claimed.
  [[nodiscard]] std::vector<std::string> left_out() const;
  [[nodiscard]] bool empty() const { return streams_.empty(); }
  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  /// Whether any stream that is left out has been refused fewer than `times` times.
  [[nodiscard]] bool any_left_out_before(std::uint32_t times) const;

 private:
  enum class State { left_out, on_trial };
  struct Stream {
    TimePoint since;
    std::string reason;
    Backoff probes;
    Backoff trials;
    State state = State::left_out;
    /// For a stream that is left out: its next probe. For a stream on trial: the trial's end.
    TimePoint next_at{};
    std::uint32_t refusals = 0;
    std::size_t entries_on_trial = 1;
  };

  std::chrono::milliseconds shortest_;
  std::chrono::milliseconds longest_;
  std::map<std::string, Stream, std::less<>> streams_;
};

}  // namespace outboxd
