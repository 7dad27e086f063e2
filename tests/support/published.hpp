// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/redis_probe.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace outboxd::test {

/// The content of a stream as a consumer reads it.
struct Published {
  /// Each entry's `outbox_id`, oldest first.
  std::vector<std::string> ids;
  std::set<std::string> distinct;
  /// The number of entries whose `_sig` is wrong for the contract's key.
  int badly_signed = 0;

  /// Whether each row is there exactly once and correctly signed, and nothing else is there.
  [[nodiscard]] bool each_once(std::size_t rows) const {
    return ids.size() == rows && distinct.size() == rows && badly_signed == 0;
  }
};

[[nodiscard]] Published published(RedisProbe probe, const std::string& stream);

}  // namespace outboxd::test
