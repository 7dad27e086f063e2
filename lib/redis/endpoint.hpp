// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace outboxd::redis {

/// Where a Redis server is, and who we are there.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  /// Set instead of host and port: a Unix socket.
  std::string unix_path;
  /// Empty: no AUTH, or AUTH with the password alone.
  std::string username;
  std::string password;
  int database = 0;
  /// How messages name it; without secrets.
  std::string shown;
};

}  // namespace outboxd::redis
