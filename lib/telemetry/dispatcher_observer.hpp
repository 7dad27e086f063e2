// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher_metrics.hpp"
#include "telemetry/health_log.hpp"
#include "telemetry/line_rate.hpp"
#include "telemetry/locked_rows_log.hpp"
#include "telemetry/pauses.hpp"
#include "telemetry/readiness.hpp"
#include "telemetry/stream_troubles.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::telemetry {

/// The observer of a dispatcher of the daemon: counts, and tells `/readyz` and the log what the state is, what
/// changes in it, and, each minute, what lasts.
class DispatcherObserver final : public DispatcherMetrics {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The dispatcher is "starting" for `readiness` from here on. Both references must outlive this object.
  DispatcherObserver(Metrics& metrics, Readiness& readiness, std::string dispatcher,
                     const std::vector<std::string>& streams, std::function<TimePoint()> now = time_since_boot);

  /// Time goes by; to be called about once a second. Writes what is due: reminders, and summaries of what had no
  /// line.
  void beat();
  /// Writes all summaries, also of a minute that isn't over. Before the dispatcher's end.
  void write_summaries();

  void health(dispatch::Health health, std::string_view reason) override;
  void failed(std::string_view stream, Fault fault, std::string_view reason) override;
  void died(std::string_view id, std::string_view stream, Fault fault, std::string_view reason) override;
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override;
  void stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) override;
  void stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) override;
  void refused_by_store(std::span<const dispatch::RefusedRow> rows) override;
  void held_up(std::size_t rows) override;
  void wake_ups(bool there) override;
  void looks_are_slow(const dispatch::SlowLook& look) override;
  void sampled(const dispatch::BacklogSample& sample) override;
  void sample_failed(std::string_view reason) override;
  void freed_rows_of(std::string_view worker) override;
  void reserved_fields_dropped(std::string_view stream, std::size_t fields) override;
  void ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why, bool dead) override;

 private:
  /// Something that lasts, and of which the log tells each minute.
  struct Standing {
    TimePoint since{};
    /// When the log last named it; nothing: not yet.
    std::optional<TimePoint> told{};
    std::string reason{};
  };

  /// What /readyz notes, the longest one last.
  enum class Note { held_up_rows, failed_samples, locked_rows, blocked_streams };

  void note(Note about, std::string text);
  void look_for_a_pause(TimePoint now);
  [[nodiscard]] bool postgres_was_away(TimePoint now) const;
  void log_health(const std::optional<std::string>& line);
  void write_summaries(TimePoint now, bool all);
  void remind_of_blocked_streams(TimePoint now);
  void remind_of_held_up_rows(TimePoint now);
  void tell_of_failed_samples(TimePoint now);
  void note_blocked_streams(std::size_t blocked);
  void note_held_up_rows();
  void note_locked_rows(const dispatch::LockedRows& rows);

  Readiness& readiness_;
  const std::string dispatcher_;
  const std::function<TimePoint()> now_;
  std::array<std::string, 4> notes_;
  Pauses pauses_;
  HealthLog health_log_;

  Digest deaths_;
  Digest refusals_;
  Digest held_up_lines_;
  Digest dead_workers_;
  Digest lost_leases_;
  StreamTroubles troubles_;
  Digest lines_of_blocked_;
  LineRate lines_of_short_leases_;
  bool logged_reserved_ = false;
  LineRate lines_of_ambiguous_entries_{std::chrono::hours{1}};
  /// The blocked streams, of which BlockedStreams::kMost is the largest number.
  std::map<std::string, Standing, std::less<>> blocked_;
  TimePoint told_of_blocked_{};
  /// While rows are held up.
  std::optional<TimePoint> held_up_since_;
  std::size_t held_up_rows_ = 0;
  Standing last_refused_;
  std::optional<Standing> failed_samples_;
  /// When it was last known to be.
  std::optional<TimePoint> postgres_away_at_;
  LockedRowsLog locked_rows_;
};

}  // namespace outboxd::telemetry
