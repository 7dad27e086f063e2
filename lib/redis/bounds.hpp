// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace outboxd::redis {

/// The maximal length of a stream.
struct Bound {
  std::uint64_t maxlen = 0;
  /// Trim to exactly `maxlen` (MAXLEN =). Otherwise Redis trims whole nodes of the stream (MAXLEN ~), which leaves up
  /// to about a hundred entries more.
  bool exact = false;

  bool operator==(const Bound&) const = default;
};

/// The bounds of all streams.
struct Bounds {
  /// The bound of each stream that has none of its own.
  Bound usual{.maxlen = 100'000};
  std::map<std::string, std::uint64_t> maxlen{};
  std::map<std::string, bool> exact{};

  [[nodiscard]] Bound of(const std::string& stream) const {
    auto bound = usual;
    if (const auto own = maxlen.find(stream); own != maxlen.end()) bound.maxlen = own->second;
    if (const auto own = exact.find(stream); own != exact.end()) bound.exact = own->second;
    return bound;
  }

  bool operator==(const Bounds&) const = default;
};

}  // namespace outboxd::redis
