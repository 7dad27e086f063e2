// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/known_errors.hpp"

#include <doctest/doctest.h>

#include <string>

namespace outboxd::stream_metrics {
namespace {

redis::Value refusal(const std::string& text) {
  redis::Value value;
  value.kind = redis::Value::Kind::error;
  value.text = text;
  return value;
}

}  // namespace

TEST_CASE("only what lasts is not asked again, and that for an hour") {
  const Command command{"XINFO", "STREAM", "s"};
  const Command other{"XINFO", "STREAM", "t"};
  const TimePoint start{};
  struct Row {
    const char* text;
    const char* word;
    bool lasts;
  };
  for (const auto& row : {
           Row{"NOPERM User u has no permissions to run the 'xinfo|stream' command", "forbidden", true},
           Row{"NOPERM No permissions to access a key", "forbidden", true},
           Row{"ERR unknown command 'XINFO', with args beginning with: ", "unsupported", true},
           Row{"OVERBOUNDS ", "too_large", true},
           Row{"WRONGTYPE Operation against a key holding the wrong kind of value", "wrong_type", false},
           Row{"LOADING Redis is loading the dataset in memory", "failed", false},
           Row{"MOVED 1 10.0.0.1:6379", "failed", false},
       }) {
    CAPTURE(row.text);
    KnownErrors known;
    CHECK(word_of(refusal(row.text)) == row.word);
    known.note(command, refusal(row.text), start);
    using std::chrono::minutes;
    REQUIRE((known.of(command, start + minutes{59}) != nullptr) == row.lasts);
    if (row.lasts) CHECK(known.of(command, start)->text == row.text);
    CHECK(known.of(command, start + minutes{60}) == nullptr);
    CHECK(known.of(other, start) == nullptr);
    known.note(command, redis::Value{}, start + minutes{1});
    CHECK(known.of(command, start + minutes{2}) == nullptr);
  }
  CHECK(word_of(redis::Value{}).empty());
}

TEST_CASE("what is over the budget are the largest answers, as few as possible") {
  redis::Value answer;
  answer.items.resize(2);
  answer.items[1].text = "12345";
  answer.text = "123";
  CHECK(size_of(answer) == 8);
  const auto left_out = [](std::size_t budget) {
    return over_budget({{{"a"}, 10}, {{"b"}, 50}, {{"c"}, 30}}, budget);
  };
  CHECK(left_out(90).empty());
  CHECK(left_out(89) == std::vector<Command>{{"b"}});
  CHECK(left_out(20) == std::vector<Command>{{"b"}, {"c"}});
}

}  // namespace outboxd::stream_metrics
