// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
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
  /// The text of a status, an error (without its '-') or a string.
  std::string text;
  long long number = 0;
  std::vector<Value> items;
};

/// Appends a command as an array of bulk strings.
void append_command(std::string& out, std::span<const std::string_view> arguments);

/// How much of a server's replies is taken. Without bounds, any size that it announces would be allocated. The
/// defaults are for commands whose replies have some dozens of bytes.
struct ReplyBounds {
  /// Bytes of one reply.
  std::size_t bytes = 1U << 20U;
  /// Items of all arrays of one reply together.
  std::size_t items = 1024;
  /// Bytes of all replies that are read for one exchange.
  std::size_t bytes_of_exchange = std::numeric_limits<std::size_t>::max();
};

/// Parses replies from a stream of bytes. An error is final: the connection can't be used any more.
class ReplyReader {
 public:
  explicit ReplyReader(ReplyBounds bounds = {});

  /// Takes bytes that were read from the socket. Returns false if they are not RESP or a single reply grows too
  /// large; see error().
  [[nodiscard]] bool feed(std::string_view bytes);

  /// The next complete reply; empty if more bytes are needed, or after an error.
  [[nodiscard]] std::optional<Value> next();

  [[nodiscard]] const std::string& error() const { return error_; }
  /// Whether the error is that a reply is over the bounds.
  [[nodiscard]] bool is_too_large() const { return is_too_large_; }
  /// Whether bytes are left after the last complete reply, so that the server has sent more than was asked for.
  [[nodiscard]] bool has_leftover() const { return pending_bytes_ > 0; }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  ReplyBounds bounds_;
  /// How many more array items the current reply may have; hiredis holds a pointer to it.
  std::unique_ptr<std::size_t> items_left_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  /// The bytes fed since the last complete reply.
  std::size_t pending_bytes_ = 0;
  std::string error_;
  bool is_too_large_ = false;
};

}  // namespace outboxd::redis
