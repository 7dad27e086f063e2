// SPDX-License-Identifier: Apache-2.0
#include "entry/payload.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::entry {
namespace {

struct Read {
  std::string refusal;
  std::string fields;
};

/// Fields as `name=value|` in order.
Read read(const std::string& payload, Nulls nulls = Nulls::left_out) {
  PayloadReader reader;
  std::vector<Field> fields;
  const auto refusal = reader.append_fields(payload, nulls, fields);
  Read result{refusal.value_or(""), {}};
  for (const auto& field : fields) result.fields += field.name + "=" + field.value + "|";
  return result;
}

struct Case {
  const char* payload;
  const char* fields;
};

// As Postgres prints jsonb: a space after each colon and comma.
const std::vector<Case> kShapes{
    {R"({})", ""},
    {R"({"a": "text"})", "a=text|"},
    {R"({"a": ""})", "a=|"},
    {R"({"": "no name"})", "=no name|"},
    {R"({"z": 1, "a": 2, "bb": 3})", "z=1|a=2|bb=3|"},
    {R"({"a": "line1\nline2\t\"q\" \\ \/ \u0001"})", "a=line1\nline2\t\"q\" \\ / \x01|"},
    {R"({"a": "\u00e4\ud83d\ude00"})", "a=\xc3\xa4\xf0\x9f\x98\x80|"},
    {R"({"größe": "ä"})", "größe=ä|"},
    {R"({"a\nb": "c"})", "a\nb=c|"},
    {R"({"n": 9007199254740993})", "n=9007199254740993|"},
    {R"({"n": 1.10})", "n=1.10|"},
    {R"({"n": -0.000})", "n=-0.000|"},
    {R"({"n": 123456789012345678901234567890.12345678901234567890})",
     "n=123456789012345678901234567890.12345678901234567890|"},
    {R"({"n": 1e400})", "n=1e400|"},
    {R"({"t": true, "f": false})", "t=true|f=false|"},
    {R"({"o": {"id": "inv-1", "n": 1.10}})", R"(o={"id":"inv-1","n":1.10}|)"},
    {R"({"a": [1, "a b", [], {}, {"x": [null, true]}]})", R"(a=[1,"a b",[],{},{"x":[null,true]}]|)"},
    {R"({"a": ["esc \" \\ \n , : [ {"]})", R"(a=["esc \" \\ \n , : [ {"]|)"},
    {R"({"o": {}, "a": []})", "o={}|a=[]|"},
    {R"({"a": "1", "n": null, "b": "2"})", "a=1|b=2|"},
};

}  // namespace

TEST_CASE("each JSON shape becomes its field") {
  for (const auto& [payload, fields] : kShapes) {
    CAPTURE(payload);
    const auto result = read(payload);
    CHECK(result.refusal == "");
    CHECK(result.fields == fields);
  }
}

TEST_CASE("null can also be the text null") {
  CHECK(read(R"({"a": null})", Nulls::as_text).fields == "a=null|");
  CHECK(read(R"({"a": [null]})", Nulls::left_out).fields == "a=[null]|");
}

TEST_CASE("a payload that is no object is refused; the reason names its type") {
  for (const auto& [payload, kind] : std::vector<Case>{{"[1, 2]", "an array"},
                                                       {"\"text\"", "a string"},
                                                       {"12.5", "a number"},
                                                       {"true", "a boolean"},
                                                       {"null", "null"}}) {
    CHECK(read(payload).refusal == std::string{"payload is "} + kind + ", and only a JSON object can be published");
  }
}

TEST_CASE("a payload that is no JSON is refused") {
  for (const auto* payload : {"", "{", R"({"a")", R"({"a": })", R"({"a": 1)", R"({"a": tru})", R"({"a": 1} x)",
                              R"({"a": "\ud800"})", "{\"a\": \"\xff\"}", R"({"a": "b)"}) {
    CAPTURE(payload);
    CHECK(read(payload).refusal.starts_with("payload is not valid JSON"));
  }
}

TEST_CASE("deep and long values pass") {
  const std::string open(3000, '[');
  const std::string close(3000, ']');
  CHECK(read("{\"a\": " + open + close + ", \"b\": 1}").fields == "a=" + open + close + "|b=1|");
  const std::string digits(100'000, '7');
  CHECK(read("{\"a\": " + digits + "}").fields == "a=" + digits + "|");
  const std::string text(3'000'000, 'x');
  CHECK(read("{\"a\": \"" + text + "\"}").fields == "a=" + text + "|");
}

TEST_CASE("one reader reads several payloads") {
  PayloadReader reader;
  std::vector<Field> fields;
  CHECK_FALSE(reader.append_fields(R"({"a": "first, and longer than the next"})", Nulls::left_out, fields));
  CHECK(reader.append_fields("[", Nulls::left_out, fields));
  CHECK_FALSE(reader.append_fields(R"({"b": 2})", Nulls::left_out, fields));
  REQUIRE(fields.size() == 2);
  CHECK(fields[0].value == "first, and longer than the next");
  CHECK(fields[1].value == "2");
}

}  // namespace outboxd::entry
