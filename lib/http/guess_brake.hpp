// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace outboxd::http {

/// Slows one who guesses at the bearer token. After five wrong ones, every token waits for a second before it is
/// looked at, the right one too: else those who hang up early would learn from an answer that is merely late. It
/// lasts until the wrong ones have been fewer than one a second for a while, a minute at most after they have ended.
class GuessBrake {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// How long to wait before a token is looked at.
  [[nodiscard]] std::chrono::milliseconds delay(TimePoint now) const {
    return recent_at(now) < kFree ? std::chrono::milliseconds{0} : std::chrono::milliseconds{1'000};
  }

  /// Whether it is as if no token had been wrong.
  [[nodiscard]] bool is_at_rest(TimePoint now) const { return recent_at(now) == 0; }

  /// A token was wrong.
  void wrong(TimePoint now) {
    recent_ = std::min(recent_at(now) + 1, kMost);
    last_ = now;
  }

 private:
  static constexpr double kFree = 5;
  static constexpr double kMost = 60;

  /// Wrong ones; one is forgotten each second.
  [[nodiscard]] double recent_at(TimePoint now) const {
    return std::max(0.0, recent_ - std::chrono::duration<double>(now - last_).count());
  }

  double recent_ = 0;
  TimePoint last_;
};

/// A brake for each peer that guesses, so that nobody is slowed, or loses a place while waiting, for what others do.
/// Peers beyond a thousand share one.
class GuessBrakes {
 public:
  using TimePoint = GuessBrake::TimePoint;

  /// How long to wait before a token of this peer is looked at.
  [[nodiscard]] std::chrono::milliseconds delay(const std::string& peer, TimePoint now) const {
    const auto known = brakes_.find(peer);
    return (known == brakes_.end() ? others_ : known->second).delay(now);
  }

  /// A token of this peer was wrong.
  void wrong(const std::string& peer, TimePoint now) {
    if (brakes_.size() >= kMostPeers)
      std::erase_if(brakes_, [now](const auto& known) { return known.second.is_at_rest(now); });
    const bool is_full = brakes_.size() >= kMostPeers && !brakes_.contains(peer);
    (is_full ? others_ : brakes_[peer]).wrong(now);
  }

 private:
  static constexpr std::size_t kMostPeers = 1'000;

  std::map<std::string, GuessBrake> brakes_;
  GuessBrake others_;
};

}  // namespace outboxd::http
