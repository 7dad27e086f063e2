// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outboxd {

/// A range of list items: [begin, end).
struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// Finds the items of a list that a server refuses, such that all others are done: where the server refuses a part,
/// its halves are tried, down to single items. Larger parts come first, so that the neighbours of an item that is
/// slow to fail have their turn before it.
class RefusalSearch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// How long one part may take. An item that takes longer alone, while others don't, holds them up.
  static constexpr std::chrono::milliseconds kPartTimeout{500};
  /// How long a search may take, however many parts are slow to fail.
  static constexpr std::chrono::seconds kLongest{3};

  /// Why a part was refused.
  struct Why {
    /// A readable text.
    std::string reason;
    /// The server's code for it, for instance an SQLSTATE.
    std::string cause;
  };
  struct Refused {
    std::size_t index = 0;
    Why why;
  };

  /// `whole_failed`: the list as a whole has been tried.
  RefusalSearch(std::size_t count, bool whole_failed) {
    const Part whole{0, count};
    if (count > 1 && whole_failed) {
      split(whole);
    } else if (count > 0) {
      parts_.push_back(whole);
    }
  }

  /// Tries parts until none is left or the time is over. `now` returns the time; `try_part` does a part, or returns
  /// why the server refused it. An exception from it ends the search.
  template <class Now, class TryPart>
  void run(TimePoint give_up_at, Now now, TryPart try_part) {
    while (!parts_.empty() && now() < give_up_at) {
      const auto part = parts_.front();
      parts_.pop_front();
      std::optional<Why> why = try_part(part);
      if (!why) continue;
      if (part.size() > 1) {
        split(part);
      } else {
        refused_.push_back({part.begin, std::move(*why)});
      }
    }
  }

  /// Items that are refused even alone.
  [[nodiscard]] std::vector<Refused>& refused() { return refused_; }
  /// Parts for which there was no time: neither done nor refused alone.
  [[nodiscard]] const std::deque<Part>& untried() const { return parts_; }

 private:
  void split(Part part) {
    const auto middle = part.begin + part.size() / 2;
    parts_.push_back({part.begin, middle});
    parts_.push_back({middle, part.end});
  }

  std::deque<Part> parts_;
  std::vector<Refused> refused_;
};

}  // namespace outboxd
