// SPDX-License-Identifier: Apache-2.0
#include "redis/xadd.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace outboxd::redis {
namespace {

Value string_value(std::string text) {
  Value value;
  value.kind = Value::Kind::string;
  value.text = std::move(text);
  return value;
}

Value error_value(std::string text) {
  auto value = string_value(std::move(text));
  value.kind = Value::Kind::error;
  return value;
}

Reply read_xadd_reply(Value value) {
  ErrorTexts texts{""};
  return read_xadd_reply(std::move(value), texts);
}

}  // namespace

TEST_CASE("XADD has the contract's form") {
  std::string out;
  append_xadd(out, {"s", {{"outbox_id", "o-1"}, {"a", ""}}}, {100'000});
  CHECK(out ==
        "*10\r\n$4\r\nXADD\r\n$1\r\ns\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n$6\r\n100000\r\n$1\r\n*\r\n"
        "$9\r\noutbox_id\r\n$3\r\no-1\r\n$1\r\na\r\n$0\r\n\r\n");
  out.clear();
  append_xadd(out, {"s", {{"a", "b"}}}, {.maxlen = 5, .exact = true});
  CHECK(out ==
        "*8\r\n$4\r\nXADD\r\n$1\r\ns\r\n$6\r\nMAXLEN\r\n$1\r\n=\r\n$1\r\n5\r\n$1\r\n*\r\n"
        "$1\r\na\r\n$1\r\nb\r\n");
}

TEST_CASE("a row counts as published only if the reply is an entry id") {
  CHECK(read_xadd_reply(string_value("1795296478682-0")).fault == Fault::none);
  CHECK(read_xadd_reply(string_value("18446744073709551615-18446744073709551615")).fault == Fault::none);
  for (const auto* text : {"", "-", "1-", "-1", "12", "1-a", "1-2-3", "OK", "0-0", "01-0", "1-00", "+1-0", " 1-0",
                           "1-0 ", "18446744073709551616-0", "1-18446744073709551616", "1--0", "0x1-0"}) {
    CAPTURE(text);
    CHECK(read_xadd_reply(string_value(text)).fault == Fault::unanswered);
  }
  CHECK(read_xadd_reply(Value{}).fault == Fault::unanswered);
  CHECK(read_xadd_reply(error_value("OOM command not allowed")).fault == Fault::redis_unavailable);
  const auto refused = read_xadd_reply(error_value("WRONGTYPE Operation"));
  CHECK(refused.fault == Fault::stream_refused);
  CHECK(refused.text == "Redis refuses: WRONGTYPE Operation");
  const auto echo = read_xadd_reply(error_value("ERR unknown command 'XADD', with args beginning with: 's' 'mine'"));
  CHECK(echo.text == "Redis refuses: ERR unknown command ***");
  CHECK(echo.word_for_word == "Redis refuses: ERR unknown command 'XADD', with args beginning with: 's' 'mine'");
}

TEST_CASE("a probe succeeds if Redis refuses only its id") {
  for (const auto* words : {"ERR The ID specified in XADD must be greater than 0-0",
                            "ERR The ID specified in XADD is equal or smaller than the target stream top item"}) {
    CHECK(read_probe_reply(error_value(words)).fault == Fault::none);
  }
  auto pong = string_value("PONG");
  pong.kind = Value::Kind::status;
  CHECK(read_probe_reply(pong).fault == Fault::none);
  CHECK(read_probe_reply(string_value("PONG")).fault == Fault::redis_unavailable);
  CHECK(read_probe_reply(error_value("NOPERM No permissions to access a key")).fault == Fault::stream_refused);
  CHECK(read_probe_reply(error_value("MOVED 1 127.0.0.1:1")).fault == Fault::stream_refused);
  // An unknown error is no success.
  for (const auto* words : {"ERR upstream failure", "no upstream host", "ERR", ""}) {
    CHECK(read_probe_reply(error_value(words)).fault == Fault::refused);
  }
  CHECK(read_probe_reply(error_value("READONLY You can't write against a read only replica.")).fault ==
        Fault::redis_unavailable);
}

}  // namespace outboxd::redis
