// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace outboxd::replay {

/// Some rows of a kind: how many, the first one's id, and why.
struct SomeRows {
  std::uint64_t rows = 0;
  std::string first{};
  std::string why{};

  void add(const std::string& id, const std::string& reason = "");
};

/// How far the replay of one stream came.
struct StreamTally {
  enum class End {
    /// Something else ended the replay before.
    not_begun,
    complete,
    /// By the operator, or because Postgres or Redis failed.
    stopped,
    /// Redis answered an entry with an error.
    refused,
  };

  std::string stream;
  /// Published rows of the choice when it began.
  std::uint64_t chosen = 0;
  std::uint64_t published = 0;
  /// No entry can be made of these (any more).
  SomeRows unencodable{};
  /// Removed, or requeued, since they were chosen.
  SomeRows gone{};
  /// As in ChosenRows.
  std::uint64_t nameless = 0;
  /// Sent, and no answer came.
  SomeRows possibly_sent{};
  /// Of `published`, those behind the entry that was refused.
  std::uint64_t behind = 0;
  End end = End::not_begun;
  /// Where it ended early: the reason and the remedy.
  std::string why{};
  /// The last row up to which all are done; to go on, --after this id. Empty: none is.
  std::string last{};
  /// When that row was published before, as Postgres prints it.
  std::string last_published{};

  [[nodiscard]] std::uint64_t not_published() const { return unencodable.rows + gone.rows + nameless; }
};

/// What an exit status says of a replay.
enum class Verdict {
  /// Every chosen row was published.
  done,
  /// Ended early, after some rows.
  stopped,
  /// Ended early, and nothing was sent.
  nothing_sent,
  /// All were tried, and some are not published: no entry can be made of them, they are gone, or an id was left out.
  some_not_published,
  /// Redis refused an entry.
  refused,
};

/// `left_out`: ids that are no published rows of the choice.
[[nodiscard]] Verdict verdict_of(std::span<const StreamTally> tallies, std::uint64_t left_out);

}  // namespace outboxd::replay
