// SPDX-License-Identifier: Apache-2.0
// Several dispatchers in one file: which settings each of them gets from which source.
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

std::vector<config::Settings> load(const std::string& file, const config::Environment& environment = {},
                                   const Flags& flags = {}) {
  TempDir folder;
  config::Sources sources;
  sources.config_file = folder.write("t.toml", file).string();
  sources.environment = environment;
  sources.flags = flags;
  const config::Loaded loaded = config::load(sources, {.postgres = false});
  CHECK(config::render_problems(loaded.problems).empty());
  REQUIRE_FALSE(loaded.dispatchers.empty());
  CHECK(loaded.settings.dispatcher.name == loaded.dispatchers.front().dispatcher.name);
  return loaded.dispatchers;
}

std::string names(const std::string& file) {
  std::string result;
  for (const auto& settings : load(file)) result += (result.empty() ? "" : " ") + settings.dispatcher.name;
  return result;
}

constexpr const char* kBoth = "[[dispatcher]]\n[[dispatcher]]\nprofile = \"coordinator\"\n";

}  // namespace

TEST_CASE("each [[dispatcher]] of the file is a dispatcher with settings of its own") {
  const auto all = load(R"(
mode = "dev"
[log]
level = "warn"
[[dispatcher]]
name = "events"
streams = ["a"]
stream_maxlen = {a = 5}
batch = 7
[[dispatcher]]
name = "relay"
profile = "coordinator"
layout = "caracal_outbox"
exclude_streams = ["b"]
[dispatcher.stream_maxlen]
c = 9
[[dispatcher]]
name = "billing"
layout = "custom"
table = "billing.outgoing"
columns = {id = "a", stream = "b", payload = "c", attempts = "d", available_at = "e", published_at = "f"}
)");
  REQUIRE(all.size() == 3);
  CHECK(all[0].dispatcher.name == "events");
  CHECK((all[0].profile == Profile::api));
  CHECK(all[0].dispatcher.table == "event_outbox");
  CHECK((all[0].dispatcher.streams == std::vector<std::string>{"a"}));
  CHECK(all[0].dispatcher.stream_maxlen.at("a") == 5);
  CHECK(all[0].dispatcher.batch == 7);
  CHECK(all[0].dispatcher.max_attempts == 100);
  CHECK((all[1].profile == Profile::coordinator));
  CHECK(all[1].dispatcher.table == "caracal_outbox");
  CHECK(all[1].dispatcher.producer == "coordinator");
  CHECK((all[1].dispatcher.exclude_streams == std::vector<std::string>{"b"}));
  CHECK(all[1].dispatcher.stream_maxlen.size() == 1);
  CHECK(all[1].dispatcher.batch == 50);
  CHECK(all[1].dispatcher.max_attempts == 10);
  CHECK(all[2].dispatcher.layout == "custom");
  CHECK(all[2].dispatcher.columns.at("published_at") == "f");
  for (const auto& settings : all) {
    CHECK(settings.mode == "dev");
    CHECK(settings.log_level == "warn");
  }
}

TEST_CASE("without a [[dispatcher]] there is the one of the other sources") {
  CHECK(load("dispatcher.batch = 5").size() == 1);
  CHECK(load("").front().dispatcher.name == "outbox");
  CHECK(load("[dispatcher]\nbatch = 5", {{"OUTBOXD_NAME", "x"}}).front().dispatcher.name == "x");
}

TEST_CASE("the file's profile is that of the entries without one") {
  const auto all = load("profile = \"coordinator\"\n[[dispatcher]]\n[[dispatcher]]\nprofile = \"api\"");
  CHECK((all[0].profile == Profile::coordinator));
  CHECK(all[0].dispatcher.batch == 50);
  CHECK((all[1].profile == Profile::api));
  CHECK(all[1].dispatcher.batch == 32);
}

TEST_CASE("tuning from the environment and flags applies to every dispatcher that reads it") {
  const std::string file = "[[dispatcher]]\nbatch = 1\n[[dispatcher]]\nprofile = \"coordinator\"\nbatch = 2\n";
  const auto batches = [&](const config::Environment& environment, const Flags& flags) {
    const auto all = load(file, environment, flags);
    return std::pair(all[0].dispatcher.batch, all[1].dispatcher.batch);
  };
  CHECK((batches({}, {}) == std::pair(1U, 2U)));
  CHECK((batches({{"CARACAL_OUTBOX_BATCH", "3"}}, {}) == std::pair(3U, 2U)));
  CHECK((batches({{"OUTBOX_BATCH_SIZE", "4"}}, {}) == std::pair(1U, 4U)));
  CHECK((batches({{"OUTBOXD_BATCH", "5"}, {"OUTBOX_BATCH_SIZE", "4"}}, {}) == std::pair(5U, 5U)));
  CHECK((batches({{"OUTBOXD_BATCH", "5"}}, {{"--batch", "6"}}) == std::pair(6U, 6U)));
}

TEST_CASE("the API service's newer names are read while no coordinator's dispatcher runs beside") {
  const config::Environment renamed = {{"OUTBOX_POLL_MS", "1"},
                                       {"OUTBOX_BATCH_SIZE", "2"},
                                       {"OUTBOX_LOCK_SEC", "3"},
                                       {"OUTBOX_MAX_ATTEMPTS", "4"},
                                       {"OUTBOX_STREAM_MAXLEN", "5"}};
  const auto check_alone = [](const config::DispatcherSettings& dispatcher) {
    CHECK(dispatcher.poll_interval.count() == 1);
    CHECK(dispatcher.batch == 2);
    CHECK(dispatcher.lease.count() == 3'000);
    CHECK(dispatcher.max_attempts == 4);
    CHECK(dispatcher.maxlen == 5);
  };
  for (const auto& settings : load("[[dispatcher]]\n[[dispatcher]]", renamed)) check_alone(settings.dispatcher);
  check_alone(load("[[dispatcher]]", renamed).front().dispatcher);

  const auto both = load(kBoth, renamed);
  CHECK(both[0].dispatcher.poll_interval.count() == 250);
  CHECK(both[0].dispatcher.batch == 32);
  CHECK(both[0].dispatcher.lease.count() == 30'000);
  CHECK(both[0].dispatcher.max_attempts == 100);
  CHECK(both[0].dispatcher.maxlen == 100'000);
  CHECK(both[1].dispatcher.batch == 2);
  CHECK(both[1].dispatcher.max_attempts == 4);
  // A coordinator that the flags make of the only entry is one, too.
  CHECK(load("[[dispatcher]]", renamed, {{"--profile", "coordinator"}}).front().dispatcher.maxlen == 100'000);
}

TEST_CASE("settings that distinguish dispatchers apply to a single entry") {
  const std::string file = "[[dispatcher]]\nname = \"a\"\nprofile = \"api\"\nstreams = [\"x\"]\n";
  const auto one = load(file, {{"OUTBOXD_NAME", "b"}, {"OUTBOXD_PROFILE", "coordinator"}},
                        {{"--table", "s.t"}, {"--streams", "y"}});
  REQUIRE(one.size() == 1);
  CHECK(one.front().dispatcher.name == "b");
  CHECK((one.front().profile == Profile::coordinator));
  CHECK(one.front().dispatcher.table == "s.t");
  CHECK((one.front().dispatcher.streams == std::vector<std::string>{"y"}));
}

TEST_CASE("an entry's own connections win over the environment and flags, which only fill gaps") {
  const std::string file = R"(
postgres.url = "postgres://shared/a"
[[dispatcher]]
[[dispatcher]]
postgres.url = "postgres://own/b"
[dispatcher.redis]
timeout = "7s"
[[dispatcher]]
[dispatcher.postgres]
pooler = "transaction"
statement_timeout = "9s"
)";
  const auto shared = load(file);
  CHECK(shared[0].postgres.url == "postgres://shared/a");
  CHECK(shared[1].postgres.url == "postgres://own/b");
  CHECK((shared[2].postgres.pooler == config::Pooler::transaction));
  CHECK((shared[0].postgres.pooler == config::Pooler::automatic));

  const auto all = load(file, {{"DATABASE_URL", "postgres://env/c"}, {"OUTBOXD_POSTGRES_STATEMENT_TIMEOUT", "8s"}},
                        {{"--redis-timeout", "6s"}, {"--postgres-pooler", "none"}});
  CHECK(all[0].postgres.url == "postgres://env/c");
  CHECK(all[1].postgres.url == "postgres://own/b");
  CHECK(all[2].postgres.url == "postgres://env/c");
  CHECK(all[0].postgres.statement_timeout.count() == 8'000);
  CHECK(all[2].postgres.statement_timeout.count() == 9'000);
  CHECK(all[0].redis.timeout.count() == 6'000);
  CHECK(all[1].redis.timeout.count() == 7'000);
  CHECK((all[1].postgres.pooler == config::Pooler::none));
  CHECK((all[2].postgres.pooler == config::Pooler::transaction));
}

TEST_CASE("an entry's secrets may stand in files, and win over the environment in either form") {
  TempDir folder;
  const std::string own = folder.write("own", "postgres://own/b\n").string();
  const std::string other = folder.write("other", "postgres://other/b\n").string();
  const std::string with_file = "[[dispatcher]]\npostgres.url_file = \"" + own + "\"\n";
  CHECK(load(with_file, {{"DATABASE_URL", "postgres://env/c"}}).front().postgres.url == "postgres://own/b");
  const std::string with_url = "[[dispatcher]]\npostgres.url = \"postgres://own/b\"\n";
  CHECK(load(with_url, {{"DATABASE_URL_FILE", other}}).front().postgres.url == "postgres://own/b");
  CHECK(load(with_url, {}, {{"--postgres-url-file", other}}).front().postgres.url == "postgres://own/b");
  CHECK(load("[redis]\npassword_file = \"" + other + "\"\n[[dispatcher]]\nredis.password = \"pw\"")
            .front()
            .redis.endpoint.password == "pw");
}

TEST_CASE("an entry that names a Redis server has nothing of the shared one") {
  const config::Environment environment = {{"REDIS_URL", "redis://app:pw@shared:1/2"}};
  struct Row {
    const char* entry;
    const char* shown;
    const char* username;
    const char* password;
  };
  for (const Row& row : {
           Row{"", "shared:1/2", "app", "pw"},
           Row{"redis.host = \"own\"", "own:6379/0", "", ""},
           Row{"redis.port = 7", "127.0.0.1:7/0", "", ""},
           Row{"redis.url = \"redis://own:3\"", "own:3/0", "", ""},
           Row{"redis = {url = \"redis://own:3/4\", password = \"x\", database = 5}", "own:3/4", "", "x"},
           Row{"redis.url = \"unix:///r.sock\"", "unix:/r.sock/0", "", ""},
           Row{"redis.database = 9", "shared:1/9", "app", "pw"},
           Row{"redis.password = \"x\"", "shared:1/2", "app", "x"},
       }) {
    CAPTURE(std::string(row.entry));
    const auto all = load(std::string("[[dispatcher]]\n") + row.entry + "\n[[dispatcher]]\n", environment,
                          {{"--redis-timeout", "6s"}});
    const config::RedisEndpoint& endpoint = all[0].redis.endpoint;
    CHECK(endpoint.shown() == row.shown);
    CHECK(endpoint.username == row.username);
    CHECK(endpoint.password == row.password);
    CHECK(all[0].redis.timeout.count() == 6'000);
    CHECK(all[1].redis.endpoint.shown() == "shared:1/2");
  }
  const auto own = load("[[dispatcher]]\nredis.url = \"redis://own\"", environment,
                        {{"--redis-host", "flag"}, {"--redis-database", "8"}});
  CHECK(own.front().redis.endpoint.shown() == "own:6379/0");
}

TEST_CASE("a dispatcher without a name has that of its table") {
  CHECK(names("[[dispatcher]]") == "event_outbox");
  CHECK(names("[[dispatcher]]\n[[dispatcher]]\n[[dispatcher]]") == "event_outbox event_outbox-2 event_outbox-3");
  CHECK(names("[[dispatcher]]\n[[dispatcher]]\nname = \"event_outbox\"") == "event_outbox-2 event_outbox");
  CHECK(names("[[dispatcher]]\nlayout = \"caracal_outbox\"\n[[dispatcher]]\ntable = \"s.t\"") == "caracal_outbox t");
  CHECK(names("[[dispatcher]]\ntable = '\"My.Schema\".\"odd name\"'") == "odd_name");
  CHECK(names("[[dispatcher]]\n[[dispatcher]]\nname = \"outbox\"") == "event_outbox outbox");
}
