// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

namespace outboxd::simulation {

/// Thrown through the dispatcher when its process crashes.
struct Crashed {};

/// The life of one process: its end, the faults around it, and how long the world kept it waiting.
class Life {
 public:
  Life(World& world, std::string worker)
      : world_{world}, worker_{std::move(worker)}, began_at_{world.now()}, watches_since_{world.now()} {}

  [[nodiscard]] const std::string& worker() const { return worker_; }
  [[nodiscard]] TimePoint began_at() const { return began_at_; }

  /// A dead process has no more effects, even while its coroutines are being unwound.
  void must_live() const {
    if (gone_at_) throw Crashed{};
  }
  /// At each step of a port call a process may crash or be stopped.
  void go_on();
  [[noreturn]] void crash(Event why);
  void end() { gone_at_ = world_.now(); }
  [[nodiscard]] bool has_crashed() const { return crashed_; }
  /// When it ended, by a crash or normally.
  [[nodiscard]] const std::optional<TimePoint>& gone_at() const { return gone_at_; }

  /// SIGTERM.
  void stop();
  std::function<void()> on_stop;
  /// Called with each lease of this process that was lost to another worker.
  std::function<void(const std::string& lease)> on_lost_lease;
  [[nodiscard]] const std::optional<TimePoint>& stopped_at() const { return stopped_at_; }
  /// When the work must have ended, by a stop or by `once`.
  std::optional<TimePoint> deadline;
  [[nodiscard]] bool past_deadline() const { return deadline && world_.now() >= *deadline; }

  /// A fault around it, or a long delay: failures of this process soon after that are not its fault.
  void meets_trouble(Milliseconds lasting = 0ms) { trouble_at_ = std::max(trouble_at_, world_.now() + lasting); }
  [[nodiscard]] bool met_trouble_since(TimePoint when) const { return trouble_at_ >= when; }

  /// Until then the store is unreachable for this process alone.
  TimePoint store_back_at{};
  /// Since then all its scans for dead workers have been answered in good time.
  [[nodiscard]] TimePoint watches_since() const { return watches_since_; }
  /// Set while a scan is not answered yet.
  std::optional<TimePoint> watch_asked_at;
  void misses_a_watch(TimePoint until) { watches_since_ = std::max(watches_since_, until); }

  /// Whether other processes can see its lock; a live worker's lock is missing for a moment now and then.
  [[nodiscard]] bool lock_is_seen();

  /// The time that it spent in port calls since it was stopped, and beyond its deadline; calls that ran at the same
  /// time both count.
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
