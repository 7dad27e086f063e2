// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// The parts of a Redis URL. Host and port go together: a URL with a host and no port means port 6379.
struct RedisUrl {
  std::string host;
  std::uint16_t port = 6379;
  std::string unix_path;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<int> database;
  /// Parameters that were ignored; clauses that quote no value.
  std::vector<std::string> warnings{};
};

/// The largest database number: no server is configured for more.
inline constexpr std::int64_t kMaxRedisDatabase = 65'535;

/// redis://[user[:password]@]host[:port][/db][?db=N], unix://[user[:password]@]/path[?db=N] and redis+unix://, with
/// blanks around it, and with parameters of other drivers; problems never quote any part of the URL.
Checked<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace outboxd::config
