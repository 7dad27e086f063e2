// SPDX-License-Identifier: Apache-2.0
#include "enqueue/enqueue_payload.hpp"

#include <doctest/doctest.h>

#include <sstream>

using outboxd::enqueue::Event;
using outboxd::enqueue::json_fault;
using outboxd::enqueue::json_string;
using outboxd::enqueue::payload_from_arguments;
using outboxd::enqueue::PayloadError;
using outboxd::enqueue::read_json_lines;

namespace {

std::string payload(const std::vector<std::string>& arguments) {
  return payload_from_arguments(arguments);
}

std::vector<Event> lines(const std::string& text) {
  std::istringstream in(text);
  return read_json_lines(in, "s");
}

std::string error_of_lines(const std::string& text) {
  try {
    lines(text);
  } catch (const PayloadError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("key=value is a string, whatever it looks like") {
  CHECK(payload({}) == "{}");
  CHECK(payload({"a=1"}) == R"({"a":"1"})");
  CHECK(payload({"a=", "b=x=y", "größe=ä"}) == R"({"a":"","b":"x=y","größe":"ä"})");
  CHECK(payload({R"(quo"te=back\slash)"}) == R"({"quo\"te":"back\\slash"})");
}

TEST_CASE("key:=json is JSON as it stands") {
  CHECK(payload({"n:=9007199254740993", "d:=1.10", "t:=true", "z:=null"}) ==
        R"({"n":9007199254740993,"d":1.10,"t":true,"z":null})");
  CHECK(payload({R"(o:= {"a": [1, {}]} )"}) == R"({"o":{"a": [1, {}]}})");
  CHECK(payload({"big:=123456789012345678901234567890"}) == R"({"big":123456789012345678901234567890})");
}

TEST_CASE("invalid arguments are refused") {
  for (const char* argument : {"novalue", "=x", ":=1", "a:=", "a:=nul", "a:=1 2", "a:=1],[2", "a:={", "a:=01",
                               "a:='x'", "a:=[1,]", "a:={\"k\"}", "a:=\"\\x\"", "a=\xFF", "a:=\"open"}) {
    CAPTURE(argument);
    CHECK_THROWS_AS(payload({argument}), PayloadError);
  }
  CHECK_THROWS_AS(payload({"a=1", "a:=2"}), PayloadError);
}

TEST_CASE("an argument's error names it and says what to write") {
  CHECK_THROWS_WITH(
      payload({"novalue"}),
      "argument 'novalue': it has no '=': write key=value for a string, or key:=json for any other JSON "
      "value");
}

TEST_CASE("json_string escapes control characters and keeps the rest") {
  CHECK(json_string("a\tb\nc\rd") == R"("a\tb\nc\rd")");
  CHECK(json_string(std::string_view("\x01\x1f\0", 3)) == "\"\\u0001\\u001f\\u0000\"");
  CHECK(json_string("\x7f/é") == "\"\x7f/é\"");
}

TEST_CASE("json_fault knows JSON's numbers") {
  for (const char* good : {"0", "-0", "10", "1.5", "-1.5e10", "1E+2", "1e-2", "0.0"}) {
    CAPTURE(good);
    CHECK(json_fault(good).empty());
  }
  for (const char* bad : {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "1_0"}) {
    CAPTURE(bad);
    CHECK_FALSE(json_fault(bad).empty());
  }
}

TEST_CASE("json_fault refuses nesting that is too deep") {
  CHECK(json_fault(std::string(200, '[') + std::string(200, ']')).empty());
  CHECK_FALSE(json_fault(std::string(100000, '[') + std::string(100000, ']')).empty());
}

TEST_CASE("each line that isn't blank becomes an event that remembers its line") {
  const auto events = lines("{\"a\":1}\n\n  \t\r\n {\"b\": 1.10} \r\n{}");
  REQUIRE(events.size() == 3);
  CHECK(events[0].stream == "s");
  CHECK(events[0].payload_json == R"({"a":1})");
  CHECK(events[0].origin == "line 1");
  CHECK(events[1].payload_json == R"({"b": 1.10})");
  CHECK(events[1].origin == "line 4");
  CHECK(events[2].origin == "line 5");
  CHECK(lines("").empty());
  CHECK(lines("\xEF\xBB\xBF{}\n").size() == 1);
}

TEST_CASE("the error for an invalid line names the line") {
  CHECK(error_of_lines("{}\n[1]\n") == "line 2 isn't a JSON object: write one JSON object a line");
  CHECK(error_of_lines("{}\n\n{\"a\":}\n").starts_with("line 3 isn't JSON: "));
  CHECK(error_of_lines("{} {}\n").starts_with("line 1 isn't JSON: "));
  CHECK(error_of_lines("{\"a\":1},{\"b\":2}\n") ==
        "line 1 isn't JSON: there is text after the value: write one JSON object a line");
  CHECK(error_of_lines("{\"a\":\"\xFF\"}\n").starts_with("line 1 isn't JSON: "));
}
