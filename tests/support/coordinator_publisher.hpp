// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"
#include "support/private_redis.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::test {

/// A model of the Coordinator's in-process publisher on `caracal_outbox`: its lease is the row locks of a transaction
/// that stays open while it sends one row after the other. Only for payloads whose values are no objects or arrays.
class CoordinatorPublisher {
 public:
  CoordinatorPublisher(const Database& database, const PrivateRedis& redis, int batch = 50);

  struct Turn {
    int published = 0;
    int failed = 0;

    [[nodiscard]] int rows() const { return published + failed; }
  };

  /// Locks a batch, calls `with_rows_locked`, sends the batch, writes the outcomes and commits. Throws if a server
  /// fails.
  Turn turn(const std::function<void()>& with_rows_locked = {});

 private:
  struct Locked {
    std::string id;
    std::string topic;
    std::vector<std::pair<std::string, std::string>> fields;
  };

  static std::vector<Locked> lock(pqxx::work& transaction, int batch);
  [[nodiscard]] bool send(const Locked& row);

  std::unique_ptr<pqxx::connection> connection_;
  RedisProbe redis_;
  int batch_;
};

}  // namespace outboxd::test
