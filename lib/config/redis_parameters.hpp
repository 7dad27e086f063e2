// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::config {

/// What a parameter of a Redis URL is about, as ioredis, node-redis, redis-py, go-redis and their like have them.
enum class RedisParameter {
  database,
  username,
  password,
  /// Leaves the connection what it is: the driver's pool, time-outs, how it reads replies.
  of_the_driver,
  /// Certificates and their verification.
  of_tls,
  /// Asks for TLS itself.
  tls,
  /// Would go before each stream's name.
  prefix,
  unknown,
};

RedisParameter redis_parameter(std::string_view name);

}  // namespace outboxd::config
