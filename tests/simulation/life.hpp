// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

namespace outboxd::simulation {

/// Thrown through the dispatcher when its process ends in the middle of something.
struct Crashed {};

/// What befalls one process: its end, what it meets, and how long the world kept it waiting.
class Life {
 public:
  Life(World& world, std::string worker)
      : world_{world}, worker_{std::move(worker)}, began_at_{world.now()}, watches_since_{world.now()} {}

  [[nodiscard]] const std::string& worker() const { return worker_; }
  [[nodiscard]] TimePoint began_at() const { return began_at_; }

  /// A dead process has no more effects, whatever of it is still being unwound.
  void must_live() const {
    if (gone_at_) throw Crashed{};
  }
  /// At each step of a port call: a process may die or be told to stop there.
  void go_on();
  [[noreturn]] void crash(Event why);
  void end() { gone_at_ = world_.now(); }
  [[nodiscard]] bool has_crashed() const { return crashed_; }
  /// Since when it has ended in one way or the other.
  [[nodiscard]] const std::optional<TimePoint>& gone_at() const { return gone_at_; }

  /// SIGTERM.
  void stop();
  std::function<void()> on_stop;
  /// Told which of its leases was lost to others.
  std::function<void(const std::string& lease)> on_lost_lease;
  [[nodiscard]] const std::optional<TimePoint>& stopped_at() const { return stopped_at_; }
  /// When the work must have ended, by a stop or by `once`.
  std::optional<TimePoint> deadline;
  [[nodiscard]] bool past_deadline() const { return deadline && world_.now() >= *deadline; }

  /// Something went wrong around it, or took long: what it can't do well after that is not its fault.
  void meets_trouble(Milliseconds lasting = 0ms) { trouble_at_ = std::max(trouble_at_, world_.now() + lasting); }
  [[nodiscard]] bool met_trouble_since(TimePoint when) const { return trouble_at_ >= when; }

  /// Until then the store is away for it alone.
  TimePoint store_back_at{};
  /// Its look-outs for dead workers have all been answered, and in good time, since then.
  [[nodiscard]] TimePoint watches_since() const { return watches_since_; }
  /// Set while one is not answered yet.
  std::optional<TimePoint> watch_asked_at;
  void misses_a_watch(TimePoint until) { watches_since_ = std::max(watches_since_, until); }

  /// Whether its lock can be seen by others; a live worker's can be missing for a moment, now and then.
  [[nodiscard]] bool lock_is_seen();

  /// The time that it spent in port calls since it was told to stop, and beyond its deadline; calls that ran at the
  /// same time both count.
  Milliseconds busy_since_stop{0};
  Milliseconds busy_beyond_deadline{0};

 private:
  World& world_;
  std::string worker_;
  TimePoint began_at_;
  bool crashed_ = false;
  std::optional<TimePoint> gone_at_;
  std::optional<TimePoint> stopped_at_;
  TimePoint trouble_at_{};
  TimePoint watches_since_;
  TimePoint unseen_until_{};
};

/// One call of a port, from its beginning to its end.
class Call {
 public:
  Call(World& world, Life& life) : world_{world}, life_{life}, began_at_{world.now()} { life_.must_live(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();

 private:
  World& world_;
  Life& life_;
  TimePoint began_at_;
};

}  // namespace outboxd::simulation
