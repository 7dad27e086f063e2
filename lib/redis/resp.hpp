// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace outboxd::redis {

/// One reply of the Redis serialization protocol, version 2 (redis.io/docs/reference/protocol-spec).
struct Value {
  enum class Kind { nil, status, error, string, integer, array };

  Kind kind = Kind::nil;
  /// Of a status, an error (without its '-') or a string.
  std::string text;
  long long number = 0;
  std::vector<Value> items;
};

/// Appends a command as an array of bulk strings.
void append_command(std::string& out, std::span<const std::string_view> arguments);

/// Reads replies from a stream of bytes. After an error it stays in that state: the connection is of no more use.
class ReplyReader {
 public:
  ReplyReader();

  /// Takes what came from the socket. False when it can't be RESP or a single reply grows absurdly large; see
  /// error().
  [[nodiscard]] bool feed(std::string_view bytes);

  /// The next whole reply; nothing when more bytes are needed, or after an error.
  [[nodiscard]] std::optional<Value> next();

  [[nodiscard]] const std::string& error() const { return error_; }
  /// Whether bytes are left of a reply to no command, be it only its beginning.
  [[nodiscard]] bool has_leftover() const { return pending_bytes_ > 0; }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  /// How many more array items the reply that is being read may have; hiredis holds a pointer to it.
  std::unique_ptr<std::size_t> items_left_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  /// Fed since the last whole reply.
  std::size_t pending_bytes_ = 0;
  std::string error_;
};

}  // namespace outboxd::redis
