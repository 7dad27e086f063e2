// SPDX-License-Identifier: Apache-2.0
// One environment for outboxd and for the services' own dispatchers.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace config = outboxd::config;
using outboxd::test::TempDir;

namespace {

struct Row {
  const char* profile;
  const char* name;
  const char* value;
  const char* setting;
  const char* largest;
};

config::Loaded load(const std::string& profile, config::Environment environment) {
  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  environment["DATABASE_URL"] = "postgres://db/app";
  sources.environment = std::move(environment);
  sources.flags["--profile"] = profile;
  return config::load(sources, {.signing = false});
}

std::string warnings_of_file(const std::string& content, const config::Environment& environment) {
  TempDir folder;
  config::Sources sources;
  sources.config_file = folder.write("t.toml", content).string();
  sources.environment = environment;
  return config::render_problems(config::load(sources, {.postgres = false, .signing = false}).warnings);
}

}  // namespace

TEST_CASE("numbers of shared names that are too large are taken for the largest, with a warning") {
  for (const Row& row : {
           Row{"api", "OUTBOX_POLL_MS", "2147483647", "dispatcher.poll_interval", "3600000"},
           Row{"api", "CARACAL_OUTBOX_POLL_MS", "99999999999999999999999", "dispatcher.poll_interval", "3600000"},
           Row{"coordinator", "OUTBOX_INTERVAL_MS", "2147483647", "dispatcher.poll_interval", "3600000"},
           Row{"api", "OUTBOX_LOCK_SEC", "86400", "dispatcher.lease", "3600"},
           Row{"api", "OUTBOX_BATCH_SIZE", "10001", "dispatcher.batch", "10000"},
           Row{"coordinator", "OUTBOX_MAX_ATTEMPTS", "2147483647", "dispatcher.max_attempts", "1000000"},
           Row{"coordinator", "STREAMS_MAXLEN", "9223372036854775807", "dispatcher.maxlen", "1000000000000"},
       }) {
    CAPTURE(std::string(row.name));
    const auto loaded = load(row.profile, {{row.name, row.value}});
    CHECK(config::render_problems(loaded.problems).empty());
    const auto text = config::render_problems(loaded.warnings);
    const std::string start = std::string("environment ") + row.name + ": " + row.setting + ": is too large, and " +
                              row.largest + " is taken instead; ";
    CHECK_MESSAGE(text.find(start) == 0, text);
    CHECK(text.find("for outboxd\n") != std::string::npos);
  }
  CHECK(load("api", {{"OUTBOX_POLL_MS", "2147483647"}}).settings.dispatcher.poll_interval.count() == 3'600'000);
  // Its own name wins, and there is no warning about names that aren't read.
  const auto own = load("api", {{"OUTBOX_POLL_MS", "2147483647"}, {"OUTBOXD_POLL_INTERVAL", "250ms"}});
  CHECK(own.settings.dispatcher.poll_interval.count() == 250);
  CHECK(own.warnings.empty());
}

TEST_CASE("other numbers that are out of bounds stay errors") {
  for (const auto& [name, value] :
       {std::pair{"OUTBOX_POLL_MS", "0"}, std::pair{"OUTBOX_POLL_MS", "-99999999999999999999"},
        std::pair{"OUTBOX_POLL_MS", "1e9"}, std::pair{"OUTBOXD_BATCH", "10001"}, std::pair{"REDIS_PORT", "99999"},
        std::pair{"OUTBOXD_POLL_INTERVAL", "2h"}}) {
    CAPTURE(std::string(name));
    CHECK(load("api", {{name, value}}).problems.size() == 1);
  }
}

TEST_CASE("names that api dispatchers don't read beside a coordinator are named once") {
  const std::string both =
      "[[dispatcher]]\nprofile = \"api\"\n[[dispatcher]]\nprofile = \"api\"\n"
      "[[dispatcher]]\nprofile = \"coordinator\"\n";
  const config::Environment shared = {
      {"OUTBOX_POLL_MS", "100"}, {"OUTBOX_BATCH_SIZE", "10"}, {"OUTBOX_LOCK_SEC", ""}, {"STREAMS_MAXLEN", "5"}};
  CHECK(warnings_of_file(both, shared) ==
        "environment OUTBOX_POLL_MS, OUTBOX_BATCH_SIZE: not read by dispatchers of profile api, as one of profile "
        "coordinator is in the same process: set CARACAL_OUTBOX_POLL_MS, CARACAL_OUTBOX_BATCH for them\n");
  // A name that would have won anyway takes their place.
  CHECK(warnings_of_file(both, {{"OUTBOX_POLL_MS", "100"}, {"CARACAL_OUTBOX_POLL_MS", "100"}}).empty());
  CHECK(warnings_of_file(both, {{"OUTBOX_POLL_MS", "100"}, {"OUTBOXD_POLL_INTERVAL", "1s"}}).empty());
  CHECK(warnings_of_file("[[dispatcher]]\nprofile = \"api\"\n", shared).empty());
  CHECK(warnings_of_file("[[dispatcher]]\nprofile = \"coordinator\"\n", shared).empty());
}
