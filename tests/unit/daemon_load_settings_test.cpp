// SPDX-License-Identifier: Apache-2.0
// The secrets that are masked in the log as soon as the settings are loaded.
#include "daemon/settings/load_settings.hpp"
#include "support/temp_dir.hpp"
#include "telemetry/redaction.hpp"

#include <doctest/doctest.h>

#include <string>

using outboxd::test::TempDir;

TEST_CASE("the secrets of every dispatcher are masked in the log") {
  TempDir folder;
  outboxd::daemon::SharedOptions options;
  options.config_file = folder
                            .write("t.toml", R"(
[[dispatcher]]
postgres.url = "postgres://app:first-word@db/a"
redis.url = "redis://:second-word@r1"
name = "fifth-word"
[[dispatcher]]
name = "sixth-word"
postgres.url = "host=db dbname=b password=third-word"
redis = {host = "r2", password = "fourth-word"}
[http]
bearer = "sixth-word"
[signing]
key = "d3adbeefd3adbeefd3adbeefd3adbeefd3adbeefd3adbeefd3adbeefd3adbeef"
)")
                            .string();
  REQUIRE(outboxd::daemon::load_settings(options, {}).has_value());
  for (const std::string secret : {"first-word", "second-word", "third-word", "fourth-word",
                                   "d3adbeefd3adbeefd3adbeefd3adbeefd3adbeefd3adbeefd3adbeefd3adbeef",
                                   "D3ADBEEFD3ADBEEFD3ADBEEFD3ADBEEFD3ADBEEFD3ADBEEFD3ADBEEFD3ADBEEF"}) {
    CAPTURE(secret);
    const auto text = outboxd::telemetry::log::redacted("could not log in with " + secret);
    CHECK(text.find(secret) == std::string::npos);
  }
  // The dispatcher's name stays readable, although the bearer token is the same word.
  CHECK(outboxd::telemetry::log::redacted("sixth-word: working") == "sixth-word: working");
  CHECK(outboxd::telemetry::log::redacted("Bearer sixth-word") == "Bearer ***");
}
