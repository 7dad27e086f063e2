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
/// Such a stream is left out of claims, and probed with back-off. As a probe can't show everything (a key of another
/// type, say), an answered one puts the stream on trial: claims take its rows again, and of each claim one entry of
/// it goes out, until one is taken or refused. In each further trial many more do, as those in front may be bad ones.
/// Names come from those who insert rows, so their number is bounded.
class BlockedStreams {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Beyond this number a refused stream is not left out: its rows are given back with a delay, each in its turn.
  static constexpr std::size_t kMost = 1'000;
  /// When nothing of it came within this time, a trial is over, and there is nothing left that could be refused.
  static constexpr std::chrono::seconds kTrial{10};
  /// Entries that go out in one trial at most.
  static constexpr std::size_t kMostOnTrial = 64;

  /// The bounds of the waits between probes. A trial takes rows from others' claims, so it comes more seldom.
  BlockedStreams(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
      : shortest_{shortest}, longest_{longest} {}

  /// An entry or a probe of the stream was refused: it is left out until its next probe. True when that is news: it
  /// was not blocked before, and is now, or is for another reason. `random` in [0, 1).
  bool refuse(const std::string& stream, const std::string& reason, TimePoint now, double random);
  /// An entry of it was taken. Returns since when it was blocked, if it was.
  std::optional<TimePoint> accept(const std::string& stream);
  /// A probe of it was answered.
  void put_on_trial(const std::string& stream, TimePoint now);
  /// All that are left out are tried once more, probed or not.
  void put_all_on_trial(TimePoint now);
  /// It was not probed after all.
  void was_not_probed(const std::string& stream, TimePoint now);
  /// Whatever kept Redis from answering is over: all are probed at once.
  void probe_all(TimePoint now);
  /// Ends trials in which nothing came; returns the streams.
  std::vector<std::string> end_idle_trials(TimePoint now);

  /// A stream that is to be probed now; not named again until the probe's outcome is told.
  [[nodiscard]] std::optional<std::string> next_probe(TimePoint now);
  /// When something is to be done; the end of time where nothing is blocked.
  [[nodiscard]] TimePoint next_at() const;

  /// How many of its entries in one claim may be sent; nothing: all.
  [[nodiscard]] std::optional<std::size_t> entries_allowed(const std::string& stream) const;
  /// Streams whose rows are not to be claimed.
  [[nodiscard]] std::vector<std::string> left_out() const;
  [[nodiscard]] bool empty() const { return streams_.empty(); }
  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  /// Whether any is left out that has been refused fewer than `times` times.
  [[nodiscard]] bool any_left_out_before(std::uint32_t times) const;

 private:
  enum class State { left_out, on_trial };
  struct Stream {
    TimePoint since;
    std::string reason;
    Backoff probes;
    Backoff trials;
    State state = State::left_out;
    /// Of one that is left out: its next probe. On trial: the trial's end.
    TimePoint next_at{};
    std::uint32_t refusals = 0;
    std::size_t entries_on_trial = 1;
  };

  std::chrono::milliseconds shortest_;
  std::chrono::milliseconds longest_;
  std::map<std::string, Stream, std::less<>> streams_;
};

}  // namespace outboxd
