// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace outboxd::test {

/// One connection of a FakeRedis, controlled by the test's script. If the client has gone or the server is being
/// stopped, the calls throw, which ends the script.
class FakePeer {
 public:
  FakePeer(int fd, int stop_fd, int number) : fd_(fd), stop_fd_(stop_fd), number_(number) {}
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;
  ~FakePeer() { close(); }

  /// 0 for the server's first connection, 1 for its second, …
  [[nodiscard]] int number() const { return number_; }
  /// The bytes read from this connection so far.
  [[nodiscard]] std::size_t bytes_read() const { return bytes_read_; }

  /// Reads `count` commands. Checks of the server's settings (CONFIG) and streams get empty answers, a PING gets its
  /// argument, and none of these is counted.
  std::vector<std::vector<std::string>> read(std::size_t count);
  /// Reads up to the PING that the client sends after its commands, and returns the answer to it without sending it.
  std::string read_ping();
  /// Reads one command of any kind.
  std::vector<std::string> read_any();
  /// Reads this many bytes.
  void read_bytes(std::size_t count);
  void send(std::string_view bytes);
  /// Closes the connection normally; but if bytes are unread, the client sees a reset.
  void close();
  /// Ends the connection by a reset.
  void reset();
  /// Neither sends nor reads until the client or the test has ended.
  void hang();
  /// Reads until the client closes, and answers PINGs.
  void wait_for_end();

 private:
  bool answer_by_itself(const std::vector<std::string>& command);
  bool take_command(std::vector<std::string>& command);
  void read_more(std::size_t most);
  void wait_for(short events) const;

  int fd_;
  int stop_fd_;
  int number_;
  std::string buffer_;
  std::size_t bytes_read_ = 0;
};

/// A script that answers each command with the RESP text that `answer` returns.
[[nodiscard]] std::function<void(FakePeer&)> answering(
    std::function<std::string(const std::vector<std::string>&)> answer);

/// A script of a Redis, or of a proxy before it, that refuses the entries of some rows and accepts all others.
[[nodiscard]] std::function<void(FakePeer&)> refusing_rows(std::function<bool(const std::string& outbox_id)> refuses);

/// The answer of a Redis that accepts every command; entry ids rise from call to call.
[[nodiscard]] std::string healthy_answer(const std::vector<std::string>& command);

/// A server on a loopback port that runs a script on each connection, one after the other. Its receive buffers are
/// small, so that a client that writes much must wait for the script to read.
class FakeRedis {
 public:
  /// On any free port, or the given one.
  explicit FakeRedis(std::function<void(FakePeer&)> script, std::uint16_t port = 0);
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;
  ~FakeRedis();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The number of connections whose script has begun.
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve();

  std::function<void(FakePeer&)> script_;
  int listener_ = -1;
  int stop_fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace outboxd::test
