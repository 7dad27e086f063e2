// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"
#include "support/redis_probe.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace outboxd::test {

/// A private Redis server: loopback TCP on a random port and a Unix socket, data in a folder of its own, no
/// persistence unless configured. It ends with its handle.
class PrivateRedis {
 public:
  /// `config`: further lines of redis.conf ("requirepass secret", "appendonly yes", "maxmemory 10mb", …).
  explicit PrivateRedis(std::vector<std::string> config = {});
  ~PrivateRedis();
  PrivateRedis(const PrivateRedis&) = delete;
  PrivateRedis& operator=(const PrivateRedis&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::filesystem::path unix_socket() const { return folder_ / "redis.sock"; }
  /// redis://127.0.0.1:PORT/0
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "/0"; }
  /// The pid of the running server.
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  [[nodiscard]] bool running() { return server_ && server_->running(); }
  [[nodiscard]] std::string log() const { return server_ ? server_->out() : ""; }

  /// A connection over the Unix socket, which faults on the TCP side don't affect.
  [[nodiscard]] RedisProbe probe() const { return RedisProbe(unix_socket()); }

  /// Restarts it on the same port and folder, and waits until it has loaded its data and answers.
  void start(std::chrono::milliseconds deadline = std::chrono::seconds(30));
  /// Ends it by SIGTERM, as a service manager does.
  void stop();
  void kill9();
  /// Pauses it (SIGSTOP): connections stay open, but get no answers.
  void pause();
  void resume();

 private:
  enum class Attempt { up, port_taken };
  Attempt try_start(std::chrono::milliseconds deadline);
  [[nodiscard]] bool answers() const;

  TempDir folder_;
  std::vector<std::string> config_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> server_;
};

}  // namespace outboxd::test
