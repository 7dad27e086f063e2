// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::daemon {

/// A part of a stream, in XRANGE's notation.
struct EntryRange {
  std::string from = "-";
  std::string to = "+";
  /// At most so many entries from its begin.
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
};

/// An end of a range as XRANGE takes it: an entry's id ("1790000000123-0", also "1790000000123" and
/// "(1790000000123-0", which leaves that entry out), "-", "+", or a time in UTC ("2026-01-31T12:00:00Z"). Nothing for
/// other texts. With `is_end`, a time means its whole second.
[[nodiscard]] std::optional<std::string> range_end(const std::string& text, bool is_end);

/// The time in an entry's id, or the largest time if the id is larger than that; nothing if it is no id.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> time_of(std::string_view entry_id);

}  // namespace outboxd::daemon
