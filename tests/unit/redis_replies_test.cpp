// SPDX-License-Identifier: Apache-2.0
#include "redis/replies.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::redis {
namespace {

struct Case {
  /// One letter for each entry: its stream.
  const char* streams;
  /// The replies: entry ids, or errors that begin with '-'.
  std::vector<const char*> replies;
  /// One letter for each entry: Published, Unanswered, Error.
  const char* fates;
};

const std::vector<Case> kCases{
    {"aaa", {"5-0", "5-1", "6-0"}, "PPP"},
    {"aaa", {"5-0", "-ERR no", "6-0"}, "PEP"},
    {"aa", {"9-0", "10-0"}, "PP"},
    {"aa", {"5-9", "5-10"}, "PP"},
    {"aa", {"18446744073709551614-0", "18446744073709551615-18446744073709551615"}, "PP"},
    // Each stream has ids of its own.
    {"aba", {"5-0", "5-0", "5-1"}, "PPP"},
    {"ab", {"6-0", "5-0"}, "PP"},
    // Ids that repeat, are swapped, or are older than the one before.
    {"aa", {"5-0", "5-0"}, "UU"},
    {"aaa", {"5-0", "6-0", "5-1"}, "UUU"},
    {"abab", {"5-0", "5-0", "6-0", "5-0"}, "UUUU"},
    {"aaa", {"5-0", "-ERR no", "5-0"}, "UUU"},
    // Replies that are no ids.
    {"aa", {"5-0", "PONG"}, "UU"},
    {"aa", {"5-0", "18446744073709551616-0"}, "UU"},
    {"aa", {"5-0", "6-18446744073709551616"}, "UU"},
    {"aa", {"0-0", "6-0"}, "UU"},
};

/// Rows that were sent, one for each letter of `streams`.
struct Sent {
  explicit Sent(const std::string& streams) {
    for (const char stream : streams) rows.push_back({.row = {}, .entry = {std::string(1, stream), {}}});
    for (auto& row : rows) all.push_back(&row);
  }

  [[nodiscard]] std::string fates() const {
    std::string letters;
    for (const auto& row : rows) {
      const auto fault = row.reply->fault;
      letters += fault == Fault::none ? 'P' : fault == Fault::unanswered ? 'U' : 'E';
    }
    return letters;
  }

  std::vector<dispatch::Delivery> rows;
  std::vector<dispatch::Delivery*> all;
};

}  // namespace

TEST_CASE("replies, one for each entry, are trusted when ids rise within their streams") {
  for (const auto& [streams, texts, expected] : kCases) {
    Exchange exchange;
    for (const std::string text : texts) {
      auto& value = exchange.replies.emplace_back();
      value.kind = text.starts_with('-') ? Value::Kind::error : Value::Kind::string;
      value.text = text.starts_with('-') ? text.substr(1) : text;
    }
    Sent sent{streams};
    const std::vector<std::size_t> ends(sent.all.size(), 10);
    exchange.bytes_sent = 10;
    CAPTURE(streams);
    CAPTURE(expected);
    read_replies(std::move(exchange), sent.all, ends);
    CHECK(sent.fates() == expected);
  }
}

TEST_CASE(
    "after an incomplete exchange, commands that were sent are unanswered, and the others were never published") {
  Exchange exchange;
  exchange.bytes_sent = 25;
  exchange.failure = "connection lost";
  Sent sent{"aaa"};
  const std::array<std::size_t, 3> ends{10, 20, 30};
  read_replies(std::move(exchange), sent.all, ends);
  CHECK(sent.rows[0].reply->fault == Fault::unanswered);
  CHECK(sent.rows[1].reply->fault == Fault::unanswered);
  CHECK(sent.rows[2].reply->fault == Fault::redis_unreachable);
  CHECK(sent.rows[0].reply->text == "connection lost");
}

}  // namespace outboxd::redis
