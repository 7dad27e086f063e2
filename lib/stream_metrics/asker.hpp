// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/connection.hpp"
#include "stream_metrics/known_errors.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::stream_metrics {

struct Answers {
  /// One for each command; empty after a failure.
  std::vector<redis::Value> values{};
  /// Why there are no answers; empty if every command was answered, by an error or not.
  std::string failure{};
};

/// Asks a server on a connection of its own, within a time and within bounds on what it answers. Commands with a
/// known lasting error are not sent, and have that error as their answer.
class Asker {
 public:
  Asker(const boost::asio::any_io_executor& executor, redis::Endpoint endpoint);

  /// Connects where that is needed. `time`: of this and of all calls of ask() until the next begin().
  boost::asio::awaitable<std::optional<std::string>> begin(std::chrono::milliseconds connect_timeout,
                                                           std::chrono::milliseconds time);
  boost::asio::awaitable<Answers> ask(std::vector<Command> commands);

  void use_login(std::string username, std::string password);
  /// What is being asked fails.
  void close() { connection_.close(); }

  [[nodiscard]] KnownErrors& known_errors() { return known_; }

 private:
  boost::asio::awaitable<std::string> ask_these(std::vector<Command> commands, std::vector<std::size_t> which,
                                                std::vector<redis::Value>& values);
  [[nodiscard]] std::chrono::milliseconds time_left() const;

  redis::Connection connection_;
  KnownErrors known_;
  TimePoint deadline_{};
};

}  // namespace outboxd::stream_metrics
