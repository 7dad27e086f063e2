// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <string_view>

namespace outboxd::test {

/// A blocking client socket with a 20 s limit on each read and write. All calls throw std::runtime_error.
class Socket {
 public:
  /// Connects to 127.0.0.1.
  static Socket tcp(std::uint16_t port);
  static Socket unix_domain(const std::filesystem::path& path);

  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  void send(std::string_view bytes);
  /// Receives at least one byte; empty at the end of the stream.
  std::string receive();

 private:
  explicit Socket(int fd);
  int fd_;
};

/// 127.0.0.1 and this port.
[[nodiscard]] sockaddr_in loopback(std::uint16_t port);

/// A loopback TCP port that was free a moment ago; another process may take it before the caller does.
[[nodiscard]] std::uint16_t free_port();

}  // namespace outboxd::test
