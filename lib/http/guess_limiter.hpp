// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace outboxd::http {

/// Limits the rate at which the bearer token can be guessed. After five wrong tokens, each token is checked only
/// after a second. This holds for the right token, too: otherwise a client could hang up early and take a delay for a
/// wrong guess. One wrong token is forgotten each second, and at most 60 are counted, so the delay ends within a
/// minute after the last wrong token.
class GuessLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The delay before a token is checked.
  [[nodiscard]] std::chrono::milliseconds delay(TimePoint now) const {
    return recent_at(now) < kFree ? std::chrono::milliseconds{0} : std::chrono::milliseconds{1'000};
  }

  /// Whether all wrong tokens are forgotten.
  [[nodiscard]] bool is_at_rest(TimePoint now) const { return recent_at(now) == 0; }

  /// Counts a wrong token.
  void wrong(TimePoint now) {
    recent_ = std::min(recent_at(now) + 1, kMost);
    last_ = now;
  }

 private:
  static constexpr double kFree = 5;
  static constexpr double kMost = 60;

  /// Wrong tokens, less one for each second since.
  [[nodiscard]] double recent_at(TimePoint now) const {
    return std::max(0.0, recent_ - std::chrono::duration<double>(now - last_).count());
  }

  double recent_ = 0;
  TimePoint last_;
};

/// A limiter for each peer that has sent wrong tokens, so that one peer's guesses don't delay another peer's
/// requests. Peers beyond a thousand share one limiter.
class GuessLimiters {
 public:
  using TimePoint = GuessLimiter::TimePoint;

  /// The delay before a token of this peer is checked.
  [[nodiscard]] std::chrono::milliseconds delay(const std::string& peer, TimePoint now) const {
    const auto known = limiters_.find(peer);
    return (known == limiters_.end() ? others_ : known->second).delay(now);
  }

  /// Counts a wrong token of this peer.
  void wrong(const std::string& peer, TimePoint now) {
    if (limiters_.size() >= kMostPeers)
      std::erase_if(limiters_, [now](const auto& known) { return known.second.is_at_rest(now); });
    const bool is_full = limiters_.size() >= kMostPeers && !limiters_.contains(peer);
    (is_full ? others_ : limiters_[peer]).wrong(now);
  }

 private:
  static constexpr std::size_t kMostPeers = 1'000;

  std::map<std::string, GuessLimiter> limiters_;
  GuessLimiter others_;
};

}  // namespace outboxd::http
