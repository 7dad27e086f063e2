// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace outboxd::redis {

/// How long a stream may become.
struct Bound {
  std::uint64_t maxlen = 0;
  /// Cut to exactly that (MAXLEN =); else by whole nodes of the stream, so that about a hundred entries more are
  /// left.
  bool exact = false;

  bool operator==(const Bound&) const = default;
};

/// The bounds of all streams.
struct Bounds {
  /// Of a stream that has none of its own.
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
