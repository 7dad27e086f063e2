// SPDX-License-Identifier: Apache-2.0
#include "redis/resp.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace outboxd::redis {
namespace {

using namespace std::string_view_literals;

std::string described(const Value& value) {
  switch (value.kind) {
    case Value::Kind::nil:
      return "nil";
    case Value::Kind::status:
      return "+" + value.text;
    case Value::Kind::error:
      return "-" + value.text;
    case Value::Kind::string:
      return "$" + value.text;
    case Value::Kind::integer:
      return ":" + std::to_string(value.number);
    case Value::Kind::array:
      break;
  }
  std::string text = "[";
  for (const auto& item : value.items) text += described(item) + " ";
  return text + "]";
}

/// Every reply in `bytes`, fed in chunks, then the error if there is one.
std::string read(std::string_view bytes, std::size_t chunk) {
  ReplyReader reader;
  std::string replies;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    if (!reader.feed(bytes.substr(at, chunk))) break;
    while (const auto value = reader.next()) replies += described(*value) + "|";
  }
  return replies + (reader.error().empty() ? "" : "error");
}

}  // namespace

TEST_CASE("a command is an array of bulk strings, whatever its bytes") {
  std::string out = "before";
  append_command(out, std::vector<std::string_view>{"XADD", "", std::string_view{"a\0\r\n", 4}});
  CHECK(out == "before*3\r\n$4\r\nXADD\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n"sv);
}

TEST_CASE("replies are read however the bytes are cut") {
  const std::string_view bytes =
      "$3\r\n1-1\r\n-OOM command not "
      "allowed\r\n+PONG\r\n:42\r\n$-1\r\n*-1\r\n*3\r\n$1\r\na\r\n*1\r\n:7\r\n$0\r\n\r\n*0\r\n";
  for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
    CAPTURE(chunk);
    CHECK(read(bytes, chunk) == "$1-1|-OOM command not allowed|+PONG|:42|nil|nil|[$a [:7 ] $ ]|[]|");
  }
}

TEST_CASE("what isn't version 2 of the protocol is an error, not a crash") {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\n\r\n", "?\r\n", "$abc\r\n", "*100000\r\n", "*2147483647\r\n", ",1.5\r\n", "#t\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", ":12x\r\n"}) {
    CAPTURE(bytes);
    CHECK(read(bytes, 3) == "error");
  }
}

TEST_CASE("a reply whose announced size is too large is an error at once") {
  ReplyReader reader;
  REQUIRE(reader.feed("$500000000\r\n"));
  CHECK_FALSE(reader.next());
  const std::string more(64UL * 1024, 'x');
  int chunks = 0;
  while (reader.error().empty() && chunks < 100) {
    ++chunks;
    if (reader.feed(more)) CHECK_FALSE(reader.next());
  }
  CHECK(reader.error() == "a reply that does not end");
  CHECK(chunks < 20);
}

TEST_CASE("an array with too many items is an error as well") {
  ReplyReader reader;
  REQUIRE(reader.feed("*1000\r\n"));
  const std::string item = "$65536\r\n" + std::string(65536, 'x') + "\r\n";
  int items = 0;
  while (reader.error().empty() && items < 100) {
    CHECK_FALSE(reader.next());
    ++items;
    if (!reader.feed(item)) break;
  }
  CHECK(reader.error() == "a reply that does not end");
  CHECK(items < 20);
}

TEST_CASE("the bound on items holds for nested arrays together") {
  CHECK(read("*1000\r\n*25\r\n", 3) == "error");
  CHECK(read("*1000\r\n*24\r\n", 3) == "");
  std::string replies;
  for (int i = 0; i < 3; ++i) {
    replies += "*500\r\n";
    for (int item = 0; item < 500; ++item) replies += ":1\r\n";
  }
  CHECK_FALSE(read(replies, replies.size()).ends_with("error"));
}

TEST_CASE("after an error the reader stays in it") {
  ReplyReader reader;
  REQUIRE(reader.feed("!\r\n"));
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.error().empty());
  CHECK_FALSE(reader.feed("+OK\r\n"));
  CHECK_FALSE(reader.next());
}

TEST_CASE("a reply to no command is noticed") {
  ReplyReader reader;
  REQUIRE(reader.feed("+OK\r\n+A"));
  CHECK(reader.next());
  CHECK(reader.has_leftover());
}

TEST_CASE("the beginning of a reply to no command is noticed as well") {
  ReplyReader reader;
  REQUIRE(reader.feed("+OK\r\n*2\r\n"));
  CHECK(reader.next());
  CHECK_FALSE(reader.next());
  CHECK(reader.has_leftover());
  REQUIRE(reader.feed(":1\r\n:2\r\n"));
  CHECK(reader.next());
  CHECK_FALSE(reader.has_leftover());
}

TEST_CASE("replies over the reader's own bounds are an error of their own") {
  const auto is_too_large = [](std::string_view bytes) {
    ReplyReader reader{{.bytes = 100, .items = 3}};
    REQUIRE(reader.feed(bytes));
    const auto value = reader.next();
    CHECK(reader.is_too_large() == !reader.error().empty());
    return !value && reader.is_too_large();
  };
  CHECK(!is_too_large("*3\r\n:1\r\n:2\r\n:3\r\n"));
  CHECK(is_too_large("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"));
  CHECK(!is_too_large("$200\r\n" + std::string(50, 'x')));
  CHECK(is_too_large("$200\r\n" + std::string(150, 'x')));
}

}  // namespace outboxd::redis
