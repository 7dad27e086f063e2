// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace outboxd::redis {

/// The address of a Redis server, and our login.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  /// Set instead of host and port: a Unix socket.
  std::string unix_path;
  /// Empty: no AUTH, or AUTH with the password alone.
  std::string username;
  std::string password;
  int database = 0;
  /// The server's name in messages; without secrets.
  std::string shown;
};

}  // namespace outboxd::redis
