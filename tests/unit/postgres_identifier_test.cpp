// SPDX-License-Identifier: Apache-2.0
#include "postgres/identifier.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using outboxd::postgres::quote_table;

TEST_CASE("quote_table quotes each part") {
  CHECK(quote_table("event_outbox") == R"("event_outbox")");
  CHECK(quote_table("app.event_outbox") == R"("app"."event_outbox")");
  CHECK(quote_table("Mixed.Case") == R"("Mixed"."Case")");
  CHECK(quote_table("drop table x; --") == R"("drop table x; --")");
}

TEST_CASE("quote_table keeps parts that are already quoted") {
  CHECK(quote_table(R"("event_outbox")") == R"("event_outbox")");
  CHECK(quote_table(R"("my.schema".t)") == R"("my.schema"."t")");
  CHECK(quote_table(R"(app."odd""name")") == R"("app"."odd""name")");
}

TEST_CASE("quote_table refuses a text that is no table name") {
  for (const char* name :
       {"", ".", "a.", ".a", "a..b", "a.b.c", R"("")", R"(a."")", R"("open)", R"("a"b)", R"(a"b)", R"("a".)"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(static_cast<void>(quote_table(name)), std::invalid_argument);
  }
}

TEST_CASE("quote_table's error names the table and the remedy") {
  CHECK_THROWS_WITH(static_cast<void>(quote_table("a..b")),
                    R"(table name 'a..b' is not valid: write table, schema.table, or "Quoted"."Names")");
}
