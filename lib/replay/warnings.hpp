// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "replay/choice.hpp"
#include "streams/report.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::replay {

// What is known before anything is sent, and what will be incomplete. Pure.

/// The chosen rows of one stream.
struct ChosenRows {
  std::string stream;
  std::uint64_t rows = 0;
  /// Of these, rows whose id is too long to name them in a statement; no entry can have it.
  std::uint64_t nameless = 0;
  /// When the first and the last of them were published; empty: not known.
  std::string oldest{};
  std::string newest{};
  /// Since when published rows of this stream are kept, whichever are chosen.
  std::optional<Moment> oldest_kept{};
  /// Published rows of the stream without a time of publishing, which no range of time has.
  std::uint64_t untimed = 0;
  /// To which the replay cuts the stream.
  redis::Bound bound{};
  /// Empty: Redis did not say.
  std::optional<streams::StreamReport> in_redis{};
};

/// An id that is no published row of the choice's streams: "dead", "pending", "discarded", "foreign" (another
/// dispatcher's), "other stream" or "unknown".
struct LeftOut {
  std::string id;
  std::string state;
};

struct Plan {
  std::string dispatcher{};
  /// With its schema, as quoted SQL.
  std::string table{};
  Choice choice{};
  /// By Postgres' clock.
  Moment now{};
  /// Zero: this dispatcher removes no rows.
  std::chrono::milliseconds retention{0};
  /// There is a signing key.
  bool is_signed = true;
  /// The column of `oldest` and `newest`, and whether it is that of the time of publishing.
  std::string time_column{};
  bool is_exact_time = true;
  std::vector<ChosenRows> streams{};
  std::vector<LeftOut> left_out{};
  /// How many ids are of rows that were published outside the choice's range.
  std::uint64_t outside = 0;
  /// Why nothing is known of the streams in Redis; empty: it was asked.
  std::string why_no_redis{};

  [[nodiscard]] std::uint64_t rows() const;
};

/// What makes the replay incomplete, or costs others entries; a sentence each.
[[nodiscard]] std::vector<std::string> warnings_of(const Plan& plan);

/// The streams whose key in Redis is of another type, so that nothing can be published to them: a sentence each.
[[nodiscard]] std::vector<std::string> wrong_types_of(const Plan& plan);

/// The entries that a group has not read, and that are trimmed when so many rows are added.
[[nodiscard]] redis::Figure pushed_out(const redis::Figure& unread, std::uint64_t length, std::uint64_t rows,
                                       std::uint64_t maxlen);

}  // namespace outboxd::replay
