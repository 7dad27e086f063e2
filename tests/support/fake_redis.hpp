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

/// One connection that a FakeRedis has accepted, in the hands of the test's script. Its calls throw, which ends the
/// script, when the client has gone or the server is being stopped.
class FakePeer {
 public:
  FakePeer(int fd, int stop_fd, int number) : fd_(fd), stop_fd_(stop_fd), number_(number) {}
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;
  ~FakePeer() { close(); }

  /// 0 for the server's first connection, 1 for its second, …
  [[nodiscard]] int number() const { return number_; }
  /// Read from this connection so far.
  [[nodiscard]] std::size_t bytes_read() const { return bytes_read_; }

  /// Reads `count` commands. Questions about the server's settings (CONFIG) and its streams are answered with
  /// nothing, a PING with what it brings, and none of them is counted.
  std::vector<std::vector<std::string>> read(std::size_t count);
  /// Reads up to a PING, which the client has behind its commands, and returns the answer to it, unsent.
  std::string read_ping();
  /// Reads one command, whichever it is.
  std::vector<std::string> read_any();
  /// Reads so many bytes, whatever they mean.
  void read_bytes(std::size_t count);
  void send(std::string_view bytes);
  /// Ends the connection in order; anything that was not read turns it into a reset.
  void close();
  /// Ends the connection by a reset.
  void reset();
  /// Says nothing more and reads nothing more, until the client or the test has ended.
  void hang();
  /// Reads whatever comes until the client closes, and answers PINGs.
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

/// A script: each command gets what `answer` makes of it, in RESP.
[[nodiscard]] std::function<void(FakePeer&)> answering(
    std::function<std::string(const std::vector<std::string>&)> answer);

/// The same for a Redis, or a proxy before it, that refuses the entries of some rows, and takes all others.
[[nodiscard]] std::function<void(FakePeer&)> refusing_rows(std::function<bool(const std::string& outbox_id)> refuses);

/// What a Redis that takes everything says to a command; the entry ids it gives rise from call to call.
[[nodiscard]] std::string healthy_answer(const std::vector<std::string>& command);

/// A server on a loopback port that does to each connection, one after the other, what a script says. Small receive
/// buffers, so that a client that writes much has to wait for the script to read.
class FakeRedis {
 public:
  /// On any free port, or the given one.
  explicit FakeRedis(std::function<void(FakePeer&)> script, std::uint16_t port = 0);
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;
  ~FakeRedis();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Connections whose script has begun.
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
