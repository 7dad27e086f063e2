// SPDX-License-Identifier: Apache-2.0
#include "migrate/embedded_migrations.hpp"
#include "migrate/migrator.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using outboxd::migrate::full_name;
using outboxd::migrate::Migration;
using outboxd::migrate::migrations;
using outboxd::migrate::render_sql;

TEST_CASE("the binary holds the migrations, numbered from 1 without a gap") {
  const auto all = migrations();
  REQUIRE(all.size() >= 2);
  CHECK(full_name(all[0]) == "0001_event_outbox");
  CHECK(full_name(all[1]) == "0002_caracal_outbox");
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].number == static_cast<int>(i) + 1);
}

TEST_CASE("every migration has a condition and complete up and down files") {
  for (const auto& migration : migrations()) {
    CAPTURE(full_name(migration));
    CHECK_FALSE(migration.done_when.empty());
    CHECK(migration.up.starts_with("-- SPDX-License-Identifier: Apache-2.0\n"));
    CHECK(migration.down.starts_with("-- SPDX-License-Identifier: Apache-2.0\n"));
    CHECK(migration.up.ends_with(";\n"));
    CHECK(migration.down.ends_with(";\n"));
    CHECK(migration.up.find("-- done when: " + std::string(migration.done_when) + "\n") != std::string_view::npos);
  }
}

TEST_CASE("the dry run names each migration, and puts each into a transaction if Postgres allows it") {
  const Migration plain{7, "plain", "false", "SELECT 1;\n", "", true};
  const Migration apart{12, "apart", "false", "CREATE INDEX CONCURRENTLY i ON t (c);\n", "", false};
  const std::array both{plain, apart};
  CHECK(render_sql(both) ==
        "-- 0007_plain\nBEGIN;\nSET LOCAL lock_timeout = '300ms';\nSELECT 1;\nCOMMIT;\n"
        "\n-- 0012_apart\nCREATE INDEX CONCURRENTLY i ON t (c);\n");
  CHECK(render_sql({}) == "-- nothing to do: every migration that was asked for is already there\n");
}
