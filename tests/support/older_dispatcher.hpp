// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"
#include "support/private_redis.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::test {

/// A model of a service's in-process dispatcher: it claims by the contract's rules under a worker id of its own, then
/// handles one row after the other by an XADD and an UPDATE by id.
class OlderDispatcher {
 public:
  /// Its worker id in `locked_by`.
  static constexpr const char* kName = "older";

  OlderDispatcher(const Database& database, const PrivateRedis& redis, int batch = 32);

  /// Claims once, and sends and marks the claimed rows. Returns their number. Throws if a server fails.
  int turn();

 private:
  struct Claimed {
    std::string id;
    std::string stream;
    std::vector<std::pair<std::string, std::string>> fields;
  };

  [[nodiscard]] std::vector<Claimed> claim();
  void send(const Claimed& row);
  void mark(const std::string& id);

  std::unique_ptr<pqxx::connection> connection_;
  RedisProbe redis_;
  int batch_;
};

}  // namespace outboxd::test
