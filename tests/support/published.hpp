// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/redis_probe.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace outboxd::test {

/// What a consumer finds in a stream.
struct Published {
  /// Each entry's `outbox_id`, oldest first.
  std::vector<std::string> ids;
  std::set<std::string> distinct;
  /// Entries whose `_sig` isn't what the contract's key makes of them.
  int badly_signed = 0;

  /// Nothing twice, nothing lost, nothing else, and all signed.
  [[nodiscard]] bool each_once(std::size_t rows) const {
    return ids.size() == rows && distinct.size() == rows && badly_signed == 0;
  }
};

[[nodiscard]] Published published(RedisProbe probe, const std::string& stream);

}  // namespace outboxd::test
