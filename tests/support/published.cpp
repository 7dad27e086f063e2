// SPDX-License-Identifier: Apache-2.0
#include "support/published.hpp"

#include "support/signature.hpp"

namespace outboxd::test {

Published published(RedisProbe probe, const std::string& stream) {
  Published found;
  for (const auto& entry : probe.xrange(stream)) {
    found.ids.push_back(entry.at("outbox_id"));
    found.distinct.insert(found.ids.back());
    if (entry.at("_sig") != expected_signature(stream, entry.fields)) ++found.badly_signed;
  }
  return found;
}

}  // namespace outboxd::test
