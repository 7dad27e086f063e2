// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace config = outboxd::config;

namespace {

struct Good {
  const char* text;
  std::int64_t number;
};

struct Bad {
  const char* text;
  const char* reason;
};

}  // namespace

TEST_CASE("durations take units and become milliseconds") {
  for (const Good& row : {Good{"250ms", 250}, Good{"30s", 30'000}, Good{"1.5s", 1'500}, Good{"0.25s", 250},
                          Good{"5m", 300'000}, Good{"1h", 3'600'000}, Good{"0ms", 0}, Good{"1.50s", 1'500}}) {
    CAPTURE(std::string(row.text));
    const auto duration = config::parse_duration(row.text);
    REQUIRE(duration.value.has_value());
    CHECK(*duration.value == row.number);
  }
}

TEST_CASE("a text that is not a duration is refused with the reason") {
  for (const Bad& row : {
           Bad{"250", R"(needs a unit: "250ms", "250s", "250m" or "250h")"},
           Bad{"0", R"(needs a unit: "0ms", "0s", "0m" or "0h")"},
           Bad{"", R"(is not a duration such as "250ms", "30s", "5m" or "1h")"},
           Bad{"-5s", R"(is not a duration such as "250ms", "30s", "5m" or "1h")"},
           Bad{"soon", R"(is not a duration such as "250ms", "30s", "5m" or "1h")"},
           Bad{"5w", R"(has an unknown unit; known are "ms", "s", "m", "h" and "d")"},
           Bad{"5 s", R"(has a blank in it; write "5s")"},
           Bad{" 5s\t", R"(has a blank in it; write "5s")"},
           Bad{"5 days", R"(has an unknown unit; known are "ms", "s", "m", "h" and "d")"},
           Bad{"5S", R"(has its unit in the wrong case; write "5s")"},
           Bad{"5MS", R"(has its unit in the wrong case; write "5ms")"},
           Bad{"1m30s", R"(has an unknown unit; known are "ms", "s", "m", "h" and "d")"},
           Bad{"1.5ms", "is finer than the smallest unit"},
           Bad{"1.s", "is not a number followed by a unit"},
           Bad{"1.2.3s", "is not a number followed by a unit"},
           Bad{".5s", "is not a whole number"},
           Bad{"9999999999999999999s", "is too large"},
           Bad{"9223372036854775807h", "is too large"},
       }) {
    CAPTURE(std::string(row.text));
    const auto duration = config::parse_duration(row.text);
    CHECK_FALSE(duration.value.has_value());
    CHECK(duration.problem == row.reason);
  }
}

TEST_CASE("sizes take units or are plain bytes") {
  for (const Good& row :
       {Good{"16MiB", 16'777'216}, Good{"64KiB", 65'536}, Good{"1MB", 1'000'000}, Good{"2KB", 2'000},
        Good{"1GiB", 1'073'741'824}, Good{"1.5KiB", 1'536}, Good{"4096", 4'096}, Good{"7B", 7}}) {
    CAPTURE(std::string(row.text));
    const auto size = config::parse_size(row.text);
    REQUIRE(size.value.has_value());
    CHECK(*size.value == row.number);
  }
  for (const char* text : {"", "16M", "16mib", "MiB", "1.0001KiB", "-1", "99999999999999999999"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(config::parse_size(text).value.has_value());
  }
  CHECK(config::parse_size("16 MB").problem == R"(has a blank in it; write "16MB")");
  CHECK(config::parse_size("16 777 216").problem == R"(has a blank in it; write "16777216")");
  CHECK(config::parse_size("16mib").problem == R"(has its unit in the wrong case; write "16MiB")");
  CHECK(config::parse_size("16 M").problem ==
        R"(has an unknown unit; known are "B", "KB", "MB", "GB", "KiB", "MiB" and "GiB")");
}

TEST_CASE("whole numbers are decimal and nothing else") {
  CHECK(config::parse_integer("-7").value == -7);
  for (const char* text : {"", "-", "+1", "1.0", "0x10", "1_000", " ", "1e3"}) {
    CAPTURE(std::string(text));
    CHECK(config::parse_integer(text).problem == "is not a whole number");
  }
  for (const char* text : {" 1000", "1000 ", "1 000"}) {
    CHECK(config::parse_integer(text).problem == R"(has a blank in it; write "1000")");
  }
}

TEST_CASE("a blank is named in variables without a unit, too") {
  config::Problems problems;
  const auto* const interval = config::find_option("dispatcher.poll_interval");
  CHECK(!config::parse_text(*interval, "2 50", config::Unit::milliseconds, {}, problems));
  CHECK(!config::parse_text(*interval, "250ms", config::Unit::milliseconds, {}, problems));
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].text.find("has a blank in it; write \"250\"") != std::string::npos);
  CHECK(problems[1].text.find("a plain number of milliseconds, without a unit") != std::string::npos);
}

TEST_CASE("numbers are shown in the largest unit that keeps them whole") {
  CHECK(config::show_duration(250) == "250ms");
  CHECK(config::show_duration(1'500) == "1500ms");
  CHECK(config::show_duration(90'000) == "90s");
  CHECK(config::show_duration(3'600'000) == "1h");
  CHECK(config::show_duration(0) == "0ms");
  CHECK(config::show_size(16'777'216) == "16MiB");
  CHECK(config::show_size(1'500) == "1500");
}

TEST_CASE("signing keys are hex of at least 32 bytes") {
  const std::string good = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  const auto key = config::decode_signing_key(good);
  REQUIRE(key.value.has_value());
  CHECK(key.value->size() == 32);
  CHECK(key.value->front() == 0x00);
  CHECK(key.value->back() == 0x1F);

  for (const auto& [text, reason] : {
           std::pair{good.substr(2), "is 31 bytes, needs at least 32 (64 hex digits)"},
           std::pair{good.substr(1), "has an odd number of hex digits (63)"},
           std::pair{"abcdefg" + good, "has a character that is not hex at position 7"},
           std::pair{good + " ", "has a character that is not hex at position 65"},
           std::pair{std::string(), "is 0 bytes, needs at least 32 (64 hex digits)"},
       }) {
    CHECK(config::decode_signing_key(text).problem == reason);
  }
}

TEST_CASE("values are quoted for TOML and JSON alike, and echoed with care") {
  CHECK(config::in_quotes("a\"b\\c\n\x7F") == R"("a\"b\\c\u000a\u007f")");
  CHECK(config::echoed("redis://:hunter2@db") == "***");
  CHECK(config::echoed("u:hunter2@db") == "***");
  CHECK(config::echoed(std::string(100, 'x')) == "\"" + std::string(80, 'x') + "…\"");
  CHECK(config::echoed("\xFF") == "(not UTF-8)");
}

TEST_CASE("UTF-8 is distinguished from other bytes") {
  for (const char* text : {"", "plain", "größe", "日本", "\xF0\x9F\x98\x80"}) CHECK(config::is_utf8(text));
  for (const char* text : {"\xFF", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\x80"}) {
    CHECK_FALSE(config::is_utf8(text));
  }
}
