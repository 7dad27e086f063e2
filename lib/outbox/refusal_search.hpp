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

/// Neighbours in a list: [begin, end).
struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// The search for those items of a list that a server refuses, such that all the others are done: where it refuses a
/// part, the halves of that are tried, and so on down to single items. Wide parts come first, so that the neighbours
/// of what is slow to fail have their turn before it.
class RefusalSearch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// How long one part may take. An item that takes longer by itself than this, while others don't, is in their way.
  static constexpr std::chrono::milliseconds kPartTimeout{500};
  /// How long a search may take, however many parts are slow to fail.
  static constexpr std::chrono::seconds kLongest{3};

  /// Why a part was refused.
  struct Why {
    /// For people.
    std::string reason;
    /// What the server calls it, a SQLSTATE for instance.
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

  /// Tries parts until none is left, or it is time to give up. `now` returns the time; `try_part` does a part, or
  /// returns why that is refused. What it throws ends the search.
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

  /// Items that are refused by themselves.
  [[nodiscard]] std::vector<Refused>& refused() { return refused_; }
  /// What there was no time for: neither done nor refused by itself.
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
