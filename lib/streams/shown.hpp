// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "streams/seen.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace outboxd::streams {

// How names and numbers are shown to people. Pure.

/// A name from outside: cut to 200 bytes, without control characters.
[[nodiscard]] std::string shown(std::string_view name);

/// "stream a.b, group g".
[[nodiscard]] std::string shown_group(std::string_view stream, std::string_view group);

/// Reason and remedy for a key that is no stream.
[[nodiscard]] std::string wrong_type_text(const SeenStream& seen);

/// "7 s", "3 min", "5 h", "4 d".
[[nodiscard]] std::string shown_span(std::chrono::milliseconds time);

/// "812 B", "7.6 KiB", "40 MiB".
[[nodiscard]] std::string shown_bytes(std::uint64_t bytes);

}  // namespace outboxd::streams
