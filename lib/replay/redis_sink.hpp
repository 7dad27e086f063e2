// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/publisher.hpp"
#include "replay/warnings.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <span>

namespace outboxd::replay {

/// Publishes as a daemon does, over a connection of its own. Blocks for the time-outs of its options at most.
class RedisSink {
 public:
  /// Connects with the first entries.
  explicit RedisSink(redis::PublisherOptions options);

  /// Writes the entries, and sets each one's reply.
  void publish(std::span<dispatch::Delivery* const> rows);

 private:
  boost::asio::io_context context_{1};
  redis::Publisher publisher_;
};

/// Adds to a plan what is in its streams, as far as this user may know. Throws std::runtime_error if Redis doesn't
/// answer.
void look_at_redis(Plan& plan, const redis::PublisherOptions& options);

}  // namespace outboxd::replay
