// SPDX-License-Identifier: Apache-2.0
// Which source wins.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace config = outboxd::config;
using outboxd::Profile;
using outboxd::test::TempDir;

namespace {

using Flags = std::map<std::string, std::string>;

config::Loaded load(const std::string& file, const config::Environment& environment, const Flags& flags) {
  TempDir folder;
  config::Sources sources;
  sources.default_file = (folder / "none.toml").string();
  if (!file.empty()) sources.config_file = folder.write("t.toml", file).string();
  sources.environment = environment;
  sources.flags = flags;
  config::Loaded loaded = config::load(sources, {.postgres = false});
  CHECK(config::render_problems(loaded.problems).empty());
  return loaded;
}

struct Row {
  const char* file;
  config::Environment environment;
  Flags flags;
  std::uint32_t batch;
};

}  // namespace

TEST_CASE("defaults give way to the file, the file to the environment, and that to flags") {
  for (const Row& row : {
           Row{"", {}, {}, 32},
           Row{"dispatcher.batch = 1", {}, {}, 1},
           Row{"dispatcher.batch = 1", {{"OUTBOX_BATCH_SIZE", "2"}}, {}, 2},
           Row{"dispatcher.batch = 1", {{"OUTBOX_BATCH_SIZE", "2"}, {"CARACAL_OUTBOX_BATCH", "3"}}, {}, 3},
           Row{"dispatcher.batch = 1", {{"CARACAL_OUTBOX_BATCH", "3"}, {"OUTBOXD_BATCH", "4"}}, {}, 4},
           Row{"dispatcher.batch = 1", {{"OUTBOXD_BATCH", "4"}}, {{"--batch", "5"}}, 5},
           Row{"dispatcher.batch = 1", {}, {{"--batch", "5"}}, 5},
       }) {
    CHECK(load(row.file, row.environment, row.flags).settings.dispatcher.batch == row.batch);
  }
}

TEST_CASE("the profile is chosen before anything that depends on it") {
  constexpr const char* kFile = "profile = \"coordinator\"";
  const config::Environment both = {{"OUTBOX_INTERVAL_MS", "7"}, {"OUTBOX_POLL_MS", "8"}};
  CHECK(load(kFile, both, {}).settings.dispatcher.poll_interval.count() == 7);
  CHECK(load(kFile, {}, {}).settings.dispatcher.max_attempts == 10);

  config::Environment overridden = both;
  overridden["OUTBOXD_PROFILE"] = "API";
  CHECK(load(kFile, overridden, {}).settings.dispatcher.poll_interval.count() == 8);
  CHECK((load(kFile, overridden, {}).settings.profile == Profile::api));
  CHECK(load(kFile, overridden, {{"--profile", "coordinator"}}).settings.dispatcher.poll_interval.count() == 7);
}

TEST_CASE("lists and limits come from every source in its own form") {
  const std::map<std::string, std::uint64_t> limits = {{"a.b", 1'000}, {"c", 5}};
  const std::vector<std::string> streams = {"a.b", "c"};
  for (const config::Loaded& loaded : {
           load("[dispatcher]\nstreams = [\"a.b\", \"c\"]\n[dispatcher.stream_maxlen]\n\"a.b\" = 1_000\nc = 5", {},
                {}),
           load("", {{"OUTBOXD_STREAMS", "a.b,c"}, {"OUTBOXD_STREAM_MAXLEN", "a.b=1000,c=5"}}, {}),
           load("", {}, {{"--streams", "a.b, c"}, {"--stream-maxlen", "a.b=1000, c=5"}}),
           load("[dispatcher.stream_maxlen]\nd = 9", {{"OUTBOXD_STREAMS", "x"}},
                {{"--streams", "a.b,c"}, {"--stream-maxlen", "a.b=1000,c=5"}}),
       }) {
    CHECK((loaded.settings.dispatcher.streams == streams));
    CHECK((loaded.settings.dispatcher.stream_maxlen == limits));
  }
  CHECK(load("", {{"OUTBOXD_STREAMS", "x"}}, {{"--streams", ""}}).settings.dispatcher.streams.empty());
}

TEST_CASE("streams are cut approximately, unless exact cuts are configured for all or for single streams") {
  const auto usual = load("", {}, {}).settings.dispatcher;
  CHECK_FALSE(usual.exact_trim);
  CHECK(usual.stream_exact_trim.empty());
  const std::map<std::string, bool> trims = {{"a.b", false}, {"c=d", true}};
  for (const config::Loaded& loaded :
       {load("[dispatcher]\ntrim = \"exact\"\nstream_trim = {\"a.b\" = \"approximate\", \"c=d\" = \"exact\"}", {},
             {}),
        load("", {{"OUTBOXD_TRIM", "Exact"}, {"OUTBOXD_STREAM_TRIM", "a.b=approximate,c=d=exact"}}, {}),
        load("", {}, {{"--trim", "exact"}, {"--stream-trim", "a.b = approximate, c=d = exact"}})}) {
    CHECK(loaded.problems.empty());
    CHECK(loaded.settings.dispatcher.exact_trim);
    CHECK((loaded.settings.dispatcher.stream_exact_trim == trims));
  }
  CHECK(load("", {{"OUTBOXD_STREAM_TRIM", "a=exact"}}, {{"--stream-trim", ""}})
            .settings.dispatcher.stream_exact_trim.empty());
}

TEST_CASE("whether a table was chosen: by its own name, or by its layout's") {
  const auto by_default = [](const char* file, const config::Environment& environment) {
    return load(file, environment, {}).settings.dispatcher.table_by_default;
  };
  CHECK(by_default("", {}));
  CHECK(by_default("profile = \"coordinator\"", {}));
  CHECK(by_default("[[dispatcher]]\nprofile = \"coordinator\"", {}));
  CHECK_FALSE(by_default("dispatcher.table = \"event_outbox\"", {}));
  CHECK_FALSE(by_default("dispatcher.layout = \"event_outbox\"", {}));
  CHECK_FALSE(by_default("", {{"OUTBOXD_LAYOUT", "caracal_outbox"}}));
  CHECK_FALSE(by_default("", {{"OUTBOXD_TABLE", "x"}}));
  // A schema is no choice of a table.
  const std::string url = "postgres://u@h/db?schema=public";
  CHECK(by_default("", {{"DATABASE_URL", url}}));
  CHECK_FALSE(by_default("", {{"DATABASE_URL", url}, {"OUTBOXD_TABLE", "event_outbox"}}));
}

TEST_CASE("a Redis URL wins in its own source for the parts that it has, and yields to higher sources") {
  struct Redis {
    config::Loaded loaded;
    const char* shown;
    const char* username;
    const char* password;
  };
  const config::Environment parts = {{"REDIS_HOST", "h"}, {"REDIS_PORT", "1"}, {"REDIS_PASSWORD", "pw"}};
  const auto with_url = [&](const char* url) {
    config::Environment environment = parts;
    environment["REDIS_URL"] = url;
    return environment;
  };
  for (const Redis& row : {
           Redis{load("", parts, {}), "h:1/0", "", "pw"},
           Redis{load("", with_url("redis://u"), {}), "u:6379/0", "", "pw"},
           Redis{load("", with_url("redis://app:other@u:2/3"), {}), "u:2/3", "app", "other"},
           Redis{load("", with_url("redis://[::1]:2"), {}), "[::1]:2/0", "", "pw"},
           Redis{load("", with_url("unix:///r.sock?db=1"), {}), "unix:/r.sock/1", "", "pw"},
           Redis{load("[redis]\nusername = \"app\"\ndatabase = 4", with_url("redis://u"), {}), "u:6379/4", "app",
                 "pw"},
           Redis{load("[redis]\nusername = \"app\"\ndatabase = 4", with_url("redis://b:c@u/5"), {}), "u:6379/5", "b",
                 "c"},
           Redis{load("[redis]\nurl = \"redis://b:c@u:2/5\"", parts, {}), "h:1/5", "b", "pw"},
           Redis{load("", with_url("redis://u:2"), {{"--redis-port", "3"}}), "u:3/0", "", "pw"},
           Redis{load("", with_url("unix:///r.sock"), {{"--redis-host", "g"}}), "g:1/0", "", "pw"},
       }) {
    const config::RedisEndpoint& endpoint = row.loaded.settings.redis.endpoint;
    CHECK(endpoint.shown() == row.shown);
    CHECK(endpoint.username == row.username);
    CHECK(endpoint.password == row.password);
    CHECK(endpoint.host.empty() == !endpoint.unix_path.empty());
  }
}

TEST_CASE("the file is given by --config, else by OUTBOXD_CONFIG, else it is the default if that exists") {
  TempDir folder;
  config::Sources sources;
  const auto batch = [&] { return config::load(sources, {.postgres = false}).settings.dispatcher.batch; };
  sources.default_file = (folder / "default.toml").string();
  CHECK(batch() == 32);
  folder.write("default.toml", "dispatcher.batch = 1");
  CHECK(batch() == 1);
  sources.environment["OUTBOXD_CONFIG"] = folder.write("named.toml", "dispatcher.batch = 2").string();
  CHECK(batch() == 2);
  sources.config_file = folder.write("flag.toml", "dispatcher.batch = 3").string();
  CHECK(batch() == 3);
}

TEST_CASE("the environment is copied from the process's") {
  constexpr const char* kVariables[] = {"A=1", "B=x=y", "EMPTY=", "NO_SIGN", nullptr};
  const config::Environment environment = config::environment_of(kVariables);
  CHECK((environment == config::Environment{{"A", "1"}, {"B", "x=y"}, {"EMPTY", ""}}));
}
