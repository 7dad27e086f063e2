// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"
#include "support/private_redis.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::test {

/// A service's own dispatcher, as services have it in their process: it claims by the contract's rules under a name
/// of its own, and then takes one row after the other: an XADD, and an UPDATE that names the row by its id alone.
class OlderDispatcher {
 public:
  /// Who it is in `locked_by`.
  static constexpr const char* kName = "older";

  OlderDispatcher(const Database& database, const PrivateRedis& redis, int batch = 32);

  /// Claims once, and sends and marks what it got. Returns how many rows that was. Throws when a server fails.
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
