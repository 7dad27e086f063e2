// SPDX-License-Identifier: Apache-2.0
// The RESP decoder: the input is what a server sends.
#include "fuzz/require.hpp"
#include "redis/resp.hpp"

#include <algorithm>
#include <cstdint>
#include <sanitizer/allocator_interface.h>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::fuzz {
namespace {

using redis::ReplyReader;
using redis::Value;

/// The result of one way to feed the bytes.
struct Read {
  std::string values;
  std::string error;
  bool leftover = false;
};

std::string described(const Value& value) {
  std::string text = std::to_string(static_cast<int>(value.kind)) + ":" + std::to_string(value.number) + ":" +
                     std::to_string(value.text.size()) + ":" + value.text + "(";
  for (const auto& item : value.items) text += described(item);
  return text + ")";
}

/// The smallest number of bytes for such a value: its type, a line end, and its content.
std::size_t least_bytes(const Value& value, int depth) {
  require(depth <= 7, "arrays are nested at most 7 deep");
  require(value.items.size() <= 1024, "an array has at most 1024 items");
  require(value.items.empty() || value.kind == Value::Kind::array, "only arrays have items");
  const bool has_text =
      value.kind == Value::Kind::status || value.kind == Value::Kind::error || value.kind == Value::Kind::string;
  require(value.text.empty() || has_text, "only texts have a text");
  require(value.number == 0 || value.kind == Value::Kind::integer, "only integers have a number");
  std::size_t bytes = 3 + value.text.size();
  for (const auto& item : value.items) bytes += least_bytes(item, depth + 1);
  return bytes;
}

void require_dead(ReplyReader& reader, const std::string& error) {
  require(!reader.next(), "after an error there are no more values");
  require(!reader.feed("+OK\r\n"), "after an error nothing is taken any more");
  require(!reader.next(), "after an error there are no values of what came later");
  require(reader.error() == error, "an error stays what it was");
}

/// Feeds one chunk and takes all values; returns false after an error.
bool feed(ReplyReader& reader, std::string_view chunk, Read& read, std::size_t& bytes_of_values) {
  if (reader.feed(chunk)) {
    while (const auto value = reader.next()) {
      read.values += described(*value);
      bytes_of_values += least_bytes(*value, 0);
    }
  }
  read.error = reader.error();
  read.leftover = reader.has_leftover();
  return read.error.empty();
}

template <class NextLength>
Read read_in_chunks(std::string_view bytes, const NextLength& next_length) {
  Read read;
  ReplyReader reader;
  std::size_t bytes_of_values = 0;
  for (std::size_t at = 0; at < bytes.size() && read.error.empty();) {
    const auto length = std::min(next_length(at), bytes.size() - at);
    feed(reader, bytes.substr(at, length), read, bytes_of_values);
    at += length;
    require(bytes_of_values <= at, "values are no larger than what was sent");
  }
  if (!read.error.empty()) require_dead(reader, read.error);
  return read;
}

/// Feeds the bytes one by one, so that the end of each value is known, and checks has_leftover().
void check_leftover(std::string_view bytes) {
  ReplyReader reader;
  Read read;
  std::size_t ignored = 0;
  bool between_values = true;
  for (const char byte : bytes) {
    read.values.clear();
    if (!feed(reader, {&byte, 1}, read, ignored)) return;
    between_values = !read.values.empty();
    require(read.leftover != between_values, "has_leftover() tells whether bytes of an unfinished reply are there");
  }
}

/// Checks that no input makes us allocate more than in proportion to its size.
void check_memory(std::string_view bytes) {
  constexpr std::size_t kFixed = 128 * 1024;
  constexpr std::size_t kPerByte = 64;
  const auto before = __sanitizer_get_current_allocated_bytes();
  ReplyReader reader;
  if (!reader.feed(bytes)) return;
  while (reader.next()) {
  }
  const auto after = __sanitizer_get_current_allocated_bytes();
  require(after <= before + kFixed + kPerByte * bytes.size(), "memory is in proportion to what was sent",
          std::to_string(after - before) + " bytes for " + std::to_string(bytes.size()));
}

void check_command(std::string_view bytes) {
  std::vector<std::string_view> arguments;
  for (std::size_t at = 0; at < bytes.size() && arguments.size() < 1024;) {
    const auto length = std::min<std::size_t>(static_cast<unsigned char>(bytes[at]) % 16, bytes.size() - at);
    arguments.push_back(bytes.substr(at, length));
    at += std::max<std::size_t>(length, 1);
  }
  std::string command = "before";
  redis::append_command(command, arguments);
  require(command.starts_with("before"), "append_command appends");
  ReplyReader reader;
  require(reader.feed(std::string_view{command}.substr(6)), "a command can be read back");
  const auto value = reader.next();
  require(value && value->kind == Value::Kind::array, "a command is an array");
  const auto same = [](const Value& item, std::string_view argument) {
    return item.kind == Value::Kind::string && item.text == argument;
  };
  require(std::ranges::equal(value->items, arguments, same), "a command has its arguments as they are");
  require(!reader.next() && !reader.has_leftover() && reader.error().empty(), "a command is nothing but its array");
}

void check(std::string_view bytes) {
  const auto whole = read_in_chunks(bytes, [&](std::size_t) { return bytes.size(); });
  const auto single = read_in_chunks(bytes, [](std::size_t) { return std::size_t{1}; });
  const auto chunked = read_in_chunks(
      bytes, [&](std::size_t at) { return std::size_t{1} + static_cast<unsigned char>(bytes[at]) % 16; });
  for (const auto* other : {&single, &chunked}) {
    require(whole.values == other->values, "the values don't depend on how the bytes are cut",
            whole.values + "\n" + other->values);
    require(whole.error == other->error, "the error doesn't depend on how the bytes are cut",
            whole.error + "\n" + other->error);
    require(!whole.error.empty() || whole.leftover == other->leftover,
            "what is left doesn't depend on how the bytes are cut");
  }
  check_leftover(bytes);
  check_memory(bytes);
  check_command(bytes);
}

}  // namespace
}  // namespace outboxd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  outboxd::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
