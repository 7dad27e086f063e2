// SPDX-License-Identifier: Apache-2.0
// The output of `config show` for several dispatchers.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>

namespace config = outboxd::config;
using outboxd::test::TempDir;

namespace {

constexpr const char* kFile = R"([log]
level = "warn"
[[dispatcher]]
streams = ["x"]
[[dispatcher]]
name = "billing"
profile = "coordinator"
layout = "custom"
table = "billing.outgoing"
columns = {id = "a", stream = "b", payload = "c", attempts = "d", available_at = "e", status = "f"}
states = {pending = "new", published = "sent", dead = "failed"}
[dispatcher.postgres]
url = "postgres://app:hunter2@own/app"
[dispatcher.redis]
url = "redis://me:hunter2@own:1"
)";

const config::Environment kKey = {{"STREAMS_HMAC_KEY", std::string(64, 'a')}};

config::Loaded load(TempDir& folder, const std::string& content, const config::Environment& more = {}) {
  config::Sources sources;
  sources.config_file = folder.write("t.toml", content).string();
  sources.environment = {{"DATABASE_URL", "postgres://app:hunter2@db/app"}, {"REDIS_PASSWORD", "hunter2"}};
  sources.environment.insert(more.begin(), more.end());
  config::Loaded loaded = config::load(sources);
  CHECK(config::render_problems(loaded.problems).empty());
  return loaded;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("config show prints shared settings once, then each [[dispatcher]] completely") {
  TempDir folder;
  const std::string shown = config::render_show(load(folder, kFile, kKey));
  const std::string file = (folder / "t.toml").string();
  CHECK(shown.find("# mode is not set\n# topology is not set\n# streams is not set\n\n[signing]\nkey = \"***\"  # "
                   "environment STREAMS_HMAC_KEY\n"
                   "ambiguous = \"publish\"  # default\nstrict = false  # default\n\n[http]\n") == 0);
  const std::string first = R"(level = "warn"  # file )" + file + R"(:2
format = "text"  # default

[[dispatcher]]
profile = "api"  # default
name = "event_outbox"  # default
table = "event_outbox"  # default
layout = "event_outbox"  # default
# producer is not set
# columns is not set
# states is not set
streams = ["x"]  # file )" + file +
                            R"(:4
exclude_streams = []  # default
)";
  CHECK_MESSAGE(has(shown, first), shown);
  const std::string connections = R"([dispatcher.postgres]
url = "postgres://app:***@own/app"  # file )" +
                                  file + R"(:13
pooler = "auto"  # default
connect_timeout = "5s"  # default
statement_timeout = "30s"  # default

[dispatcher.redis]
url = "redis://me:***@own:1"  # file )" +
                                  file + R"(:15
host = "own"  # file )" + file + R"(:15
port = 1  # file )" + file + R"(:15
username = "***"  # file )" + file +
                                  R"(:15
password = "***"  # file )" + file +
                                  R"(:15
database = 0  # default
)";
  CHECK_MESSAGE(has(shown, connections), shown);
  CHECK(has(shown, "url = \"postgres://app:***@db/app\"  # environment DATABASE_URL\n"));
  CHECK(has(shown, R"(columns = {"attempts" = "d", "available_at" = "e", "id" = "a", "payload" = "c", )"
                   R"("status" = "f", "stream" = "b"}  # file )" +
                       file + ":10\n"));
  CHECK_FALSE(has(shown, "hunter2"));
  CHECK_FALSE(has(shown, "\n[dispatcher]\n"));
  CHECK_FALSE(has(shown, "\n[postgres]\n"));
}

TEST_CASE("config show --json says whose a setting is") {
  TempDir folder;
  const std::string json = config::render_show_json(load(folder, kFile));
  for (
      const char* part : {
          R"({"setting": "log.format", "value": "text", "origin": "default"},)",
          R"({"dispatcher": "event_outbox", "setting": "profile", "value": "api", "origin": "default"},)",
          R"({"dispatcher": "billing", "setting": "dispatcher.batch", "value": 50, "origin": "profile coordinator"},)",
          R"({"dispatcher": "billing", "setting": "postgres.url", "value": "postgres://app:***@own/app", "origin": )",
          R"({"dispatcher": "billing", "setting": "dispatcher.states", "value": {"dead": "failed", "pending": "new", )",
      }) {
    CAPTURE(std::string(part));
    CHECK(has(json, std::string("\n  ") + part));
  }
  CHECK_FALSE(has(json, "hunter2"));
}

TEST_CASE("config show's output for several dispatchers is a configuration file with the same values") {
  TempDir folder;
  for (const std::string& file : {std::string(kFile), std::string("[[dispatcher]]\nprofile = \"coordinator\"")}) {
    const config::Loaded first = load(folder, file);
    const config::Loaded second = load(folder, config::render_show(first));
    REQUIRE(second.dispatchers.size() == first.dispatchers.size());
    REQUIRE(second.effective.size() == first.effective.size());
    for (std::size_t i = 0; i < first.effective.size(); ++i) {
      CAPTURE(first.effective[i].path);
      CHECK(second.effective[i].path == first.effective[i].path);
      CHECK((second.effective[i].value == first.effective[i].value));
      CHECK((second.effective[i].dispatcher == first.effective[i].dispatcher));
    }
  }
}

TEST_CASE("a single [dispatcher] is shown as one, without a list of dispatchers") {
  TempDir folder;
  const config::Loaded loaded = load(folder, "[dispatcher]\nbatch = 5");
  CHECK_FALSE(has(config::render_show(loaded), "[["));
  CHECK(has(config::render_show(loaded), "\n[dispatcher]\nname = \"outbox\"  # default\n"));
  CHECK_FALSE(has(config::render_show_json(loaded), "\"dispatcher\":"));
}

TEST_CASE("secrets of an entry never show, however wrong they are") {
  TempDir folder;
  for (const char* entry : {
           "postgres.url = \"postgres://app:hun@ter2222@h/a\"",
           "postgres.url = hunter2222",
           "postgres = \"hunter2222\"",
           "redis.url = \"rediss://:hunter2222@h\"",
           "redis = {password = \"hunter2222\", host = \"h\"}",
           "redis.password = 2222222222",
           "redis = [\"hunter2222\"]",
           "redis.hots = \"hunter2222\"",
           "redis.url_file = \"redis://:hunter2222@h\"",
       }) {
    CAPTURE(std::string(entry));
    config::Sources sources;
    sources.config_file = folder.write("t.toml", std::string("[[dispatcher]]\n") + entry).string();
    const config::Loaded loaded = config::load(sources);
    for (const std::string& text :
         {config::render_problems(loaded.problems), config::render_show(loaded), config::render_show_json(loaded)}) {
      CHECK_MESSAGE(text.find("2222") == std::string::npos, text);
    }
  }
}
