// SPDX-License-Identifier: Apache-2.0
#include "postgres/array_literal.hpp"

#include <doctest/doctest.h>

using outboxd::postgres::array_literal;
using Texts = std::vector<std::string>;
using OptionalTexts = std::vector<std::optional<std::string>>;

TEST_CASE("array_literal quotes every element") {
  CHECK(array_literal(Texts{}) == "{}");
  CHECK(array_literal(Texts{"a"}) == R"({"a"})");
  CHECK(array_literal(Texts{"a", "b c"}) == R"({"a","b c"})");
  CHECK(array_literal(Texts{"", ""}) == R"({"",""})");
}

TEST_CASE("array_literal escapes characters that would end or change an element") {
  CHECK(array_literal(Texts{R"(say "hi")"}) == R"({"say \"hi\""})");
  CHECK(array_literal(Texts{R"(C:\temp)"}) == R"({"C:\\temp"})");
  CHECK(array_literal(Texts{"{a,b}", "line1\nline2", "größe"}) == "{\"{a,b}\",\"line1\nline2\",\"größe\"}");
}

TEST_CASE("array_literal distinguishes NULL from the text NULL") {
  CHECK(array_literal(Texts{"NULL"}) == R"({"NULL"})");
  CHECK(array_literal(OptionalTexts{"NULL", std::nullopt, ""}) == R"({"NULL",NULL,""})");
  CHECK(array_literal(OptionalTexts{std::nullopt}) == "{NULL}");
}
