// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/socket.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::test {

/// A RESP2 reply.
struct RedisValue {
  enum class Type { string, integer, array, nil, error };
  Type type = Type::nil;
  /// The text of a string, a status or an error.
  std::string text;
  std::int64_t integer = 0;
  std::vector<RedisValue> elements;

  [[nodiscard]] bool is_error() const { return type == Type::error; }
};

struct StreamEntry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The value of a field; throws if there is none.
  [[nodiscard]] const std::string& at(const std::string& field) const;
};

/// A blocking Redis client with a parser of its own, so that tests read Redis without the code under test. Throws
/// std::runtime_error if the connection fails.
class RedisProbe {
 public:
  explicit RedisProbe(std::uint16_t port) : socket_(Socket::tcp(port)) {}
  explicit RedisProbe(const std::filesystem::path& unix_socket) : socket_(Socket::unix_domain(unix_socket)) {}

  /// Sends one command and returns its reply, which may be an error.
  RedisValue send(const std::vector<std::string>& arguments);

  /// send(), but throws on an error reply.
  template <typename... Args>
  RedisValue command(const Args&... arguments) {
    return checked(send({std::string(arguments)...}));
  }

  /// All entries of a stream, oldest first.
  std::vector<StreamEntry> xrange(const std::string& stream);
  std::int64_t xlen(const std::string& stream);

 private:
  static RedisValue checked(RedisValue value);
  RedisValue read_value();
  std::string read_line();
  std::string read_bytes(std::size_t count);
  void read_more();

  Socket socket_;
  std::string buffer_;
};

}  // namespace outboxd::test
