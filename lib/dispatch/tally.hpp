// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace outboxd::dispatch {

/// What a dispatcher has done since it started. Once it has ended, claimed = published + retried + dead + released.
struct Tally {
  std::uint64_t claimed = 0;
  std::uint64_t published = 0;
  std::uint64_t retried = 0;
  std::uint64_t dead = 0;
  std::uint64_t released = 0;
  /// Of the released: not due again at once.
  std::uint64_t released_for_later = 0;
  /// Of those, rows whose outcome was not written, as their lease had been lost to another worker.
  std::uint64_t leases_lost = 0;
  /// Of those, rows whose outcome could not be written in time; they are claimed again when their lease ends.
  std::uint64_t unsettled = 0;
  /// Of the published and retried: rows that will be, or may have been, sent more than once.
  std::uint64_t possible_duplicates = 0;
};

}  // namespace outboxd::dispatch
