// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace outboxd {

/// A walk over a table in the order of its ids, a few rows at a time, that removes published rows which are old
/// enough. It ends at the end of the table; most walks end earlier, at the first rows that are too young, where ids
/// rise with time. The next walk begins at the start again.
class PrunePass {
 public:
  enum class Reach {
    /// Each walk goes to the end of the table.
    whole,
    /// One walk in kWholeEach does, in case ids rise with time only in parts of the table.
    mostly_old,
  };
  static constexpr int kWholeEach = 24;
  /// After so many rows in a row that can't be removed, none can, and the walk ends.
  static constexpr int kMostRefused = 10;

  explicit PrunePass(Reach reach) : reach_{reach} {}

  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::size_t kMostRows = 1'000;
  /// A step that takes longer is followed by one with fewer rows, so that nothing waits long for the rows that a step
  /// has locked.
  static constexpr std::chrono::milliseconds kLongStep{100};
  /// Rows of transactions that ran beside each other may be out of order by this much.
  static constexpr std::chrono::minutes kTolerance{10};

  struct Row {
    std::string id;
    /// Published, and longer ago than published rows are kept.
    bool is_old = false;
    /// Created within that time.
    bool is_young = false;
    /// Since 1970; empty where that is not known.
    std::optional<std::chrono::milliseconds> created{};
  };

  /// The most rows of the next step.
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// The id after which the next step begins; empty: at the start of the table.
  [[nodiscard]] const std::optional<std::string>& after() const { return after_; }

  /// The next step has read these rows. Returns the ids of those that are to be removed.
  [[nodiscard]] std::vector<std::string> read(const std::vector<Row>& rows);
  /// They were removed, as far as no other session had locked or changed them. Returns whether the walk is over.
  [[nodiscard]] bool removed(Duration took);
  struct Refused {
    /// The row at fault, if it is known by now; it is left where it is.
    std::optional<std::string> id{};
    /// The walk is over.
    bool gave_up = false;
  };
  /// The server refused to remove them.
  [[nodiscard]] Refused refused();

 private:
  void begin_anew();

  Reach reach_;
  /// How many walks are over.
  int walks_ = 0;
  /// Since a row was removed.
  int refused_rows_ = 0;
  std::size_t rows_ = kMostRows;
  std::optional<std::string> after_;
  /// Of the rows that were read last.
  std::optional<std::string> last_;
  bool nothing_follows_ = false;
};

}  // namespace outboxd
