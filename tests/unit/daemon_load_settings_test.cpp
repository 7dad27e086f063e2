// SPDX-License-Identifier: Apache-2.0
// What is kept out of the log from the moment the settings are known.
#include "daemon/load_settings.hpp"
#include "support/temp_dir.hpp"
#include "telemetry/redaction.hpp"

#include <doctest/doctest.h>

#include <string>

using outboxd::test::TempDir;

TEST_CASE("the secrets of every dispatcher are kept out of the log") {
  TempDir folder;
  outboxd::daemon::CommandLine line;
  line.config_file = folder
                         .write("t.toml", R"(
[[dispatcher]]
postgres.url = "postgres://app:first-word@db/a"
redis.url = "redis://:second-word@r1"
[[dispatcher]]
postgres.url = "host=db dbname=b password=third-word"
redis = {host = "r2", password = "fourth-word"}
)")
                         .string();
  REQUIRE(outboxd::daemon::load_settings(line, {}).has_value());
  for (const std::string secret : {"first-word", "second-word", "third-word", "fourth-word"}) {
    CAPTURE(secret);
    const auto text = outboxd::telemetry::log::redacted("could not log in with " + secret);
    CHECK(text.find(secret) == std::string::npos);
  }
}
