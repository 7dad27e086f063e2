// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

namespace outboxd::config {

std::string RedisEndpoint::shown() const {
  const std::string suffix = "/" + std::to_string(database);
  if (!unix_path.empty()) return "unix:" + unix_path + suffix;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + suffix;
}

}  // namespace outboxd::config
