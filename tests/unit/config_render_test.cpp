// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"
#include "config/options.hpp"
#include "config/render.hpp"
#include "config/text.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace config = outboxd::config;
using outboxd::Profile;
using outboxd::test::TempDir;

namespace {

/// A file, the environment and flags, each with something to show.
config::Loaded sample(TempDir& folder) {
  config::Sources sources;
  sources.config_file =
      folder.write("t.toml", "[dispatcher]\nlease = \"90s\"\nstreams = [\"a\\\"b\", \"c\"]\n").string();
  sources.environment = {{"DATABASE_URL", "postgres://app:hunter2@db/app"},
                         {"REDIS_PASSWORD_FILE", folder.write("pw", "hunter2").string()},
                         {"CARACAL_OUTBOX_POLL_MS", "500"},
                         {"REDIS_URL", "redis://r:1"}};
  sources.flags = {{"--stream-maxlen", "a.b=5"}, {"--max-payload-bytes", "2000000"}};
  config::Loaded loaded = config::load(sources);
  CHECK(config::render_problems(loaded.problems).empty());
  return loaded;
}

}  // namespace

TEST_CASE("config show: every value with its origin, as TOML") {
  TempDir folder;
  const std::string file = (folder / "t.toml").string();
  const std::string expected = R"(profile = "api"  # default
# mode is not set
# topology is not set
# streams is not set

[postgres]
url = "postgres://app:***@db/app"  # environment DATABASE_URL
pooler = "auto"  # default
connect_timeout = "5s"  # default
statement_timeout = "30s"  # default

[redis]
url = "redis://r:1"  # environment REDIS_URL
host = "r"  # environment REDIS_URL
port = 1  # environment REDIS_URL
# username is not set
password = "***"  # environment REDIS_PASSWORD_FILE, read from )" +
                               (folder / "pw").string() + R"(
database = 0  # default
connect_timeout = "5s"  # default
timeout = "5s"  # default

[signing]
# key is not set
ambiguous = "publish"  # default
strict = false  # default

[dispatcher]
name = "outbox"  # default
table = "event_outbox"  # default
layout = "event_outbox"  # default
# producer is not set
# columns is not set
# states is not set
streams = ["a\"b", "c"]  # file )" +
                               file + R"(:3
exclude_streams = []  # default
max_payload_bytes = 2000000  # flag --max-payload-bytes
# retention is not set
shutdown_timeout = "10s"  # default
probe_min = "100ms"  # default
probe_max = "1s"  # default
poll_interval = "500ms"  # environment CARACAL_OUTBOX_POLL_MS
batch = 32  # profile api
# batch_max is not set
batch_bytes = "8MiB"  # default
max_rate = 0  # default
lease = "90s"  # file )" + file +
                               R"(:2
max_attempts = 100  # profile api
maxlen = 100000  # profile api
stream_maxlen = {"a.b" = 5}  # flag --stream-maxlen
trim = "approximate"  # default
# stream_trim is not set

[http]
listen = "127.0.0.1:9464"  # default
# bearer is not set

[metrics]
streams_interval = "15s"  # default

[log]
level = "info"  # default
format = "text"  # default
)";
  CHECK(config::render_show(sample(folder)) == expected);
}

TEST_CASE("config show's output is a configuration file with the same values") {
  TempDir folder;
  const config::Loaded first = sample(folder);
  config::Sources sources;
  sources.config_file = folder.write("again.toml", config::render_show(first)).string();
  const config::Loaded second = config::load(sources);
  CHECK(config::render_problems(second.problems).empty());
  REQUIRE(second.effective.size() == first.effective.size());
  for (std::size_t i = 0; i < first.effective.size(); ++i) {
    CAPTURE(first.effective[i].path);
    CHECK((second.effective[i].value == first.effective[i].value));
  }
}

TEST_CASE("config show as JSON") {
  TempDir folder;
  const std::string json = config::render_show_json(sample(folder));
  for (
      const char* line : {
          R"({"setting": "mode", "value": null, "origin": null},)",
          R"({"setting": "postgres.url", "value": "postgres://app:***@db/app", "origin": "environment DATABASE_URL"},)",
          R"({"setting": "dispatcher.batch", "value": 32, "origin": "profile api"},)",
          R"({"setting": "dispatcher.stream_maxlen", "value": {"a.b": 5}, "origin": "flag --stream-maxlen"},)",
      }) {
    CHECK(json.find(std::string("\n  ") + line) != std::string::npos);
  }
}

TEST_CASE("the help table lists every flag with its default, and no secret") {
  const std::string api = config::render_help_table(Profile::api);
  CHECK(api.find("--poll-interval DURATION") != std::string::npos);
  CHECK(api.find("Most rows of one claim, 1 to 10000 [32]") != std::string::npos);
  CHECK(config::render_help_table(Profile::coordinator).find("1 to 10000 [50]") != std::string::npos);
  CHECK(api.find("--signing-key-file PATH") != std::string::npos);
  CHECK(api.find("--signing-key ") == std::string::npos);
}

TEST_CASE("the Markdown table has one row for every setting") {
  const std::string table = config::render_markdown_table();
  CHECK(std::count(table.begin(), table.end(), '\n') == static_cast<std::ptrdiff_t>(config::options().size()) + 2);
  for (const char* row : {
           "| `dispatcher.batch` | `32` / `50` | `OUTBOXD_BATCH`; api: `CARACAL_OUTBOX_BATCH`, `OUTBOX_BATCH_SIZE`; "
           "coordinator: `OUTBOX_BATCH_SIZE` | `--batch` | Most rows of one claim (1 to 10000) |\n",
           "| `dispatcher.lease` | `30s` | `OUTBOXD_LEASE`; api: `CARACAL_OUTBOX_LOCK_SEC` (s), `OUTBOX_LOCK_SEC` "
           "(s) | "
           "`--lease` | How long a claimed row is leased before other workers may claim it (1s to 1h) |\n",
           "| `signing.key_file` | – | `OUTBOXD_SIGNING_KEY_FILE`, `STREAMS_HMAC_KEY_FILE` | `--signing-key-file` | "
           "Path "
           "of a file that holds signing.key |\n",
           "| `http.bearer` | – | `OUTBOXD_HTTP_BEARER`, `METRICS_BEARER` | – | Token that /metrics requires; "
           "not set: none |\n",
       }) {
    CHECK(table.find(row) != std::string::npos);
  }
}

TEST_CASE("flags, environment names and paths are unlike each other") {
  const auto& all = config::options();
  for (auto option = all.begin(); option != all.end(); ++option) {
    for (auto other = std::next(option); other != all.end(); ++other) {
      CHECK(option->path != other->path);
      CHECK(option->own_env() != other->own_env());
      CHECK((option->flag() != other->flag() || option->flag().empty()));
    }
  }
}

TEST_CASE("another program's name for a setting suggests outboxd's, in files, flags and variables") {
  using Words = std::vector<std::string>;
  for (const auto& [word, path] : {std::pair{"dispatcher.batch_size", "dispatcher.batch"},
                                   {"dispatcher.poll_interval_ms", "dispatcher.poll_interval"},
                                   {"dispatcher.lock_sec", "dispatcher.lease"},
                                   {"dispatcher.lease_seconds", "dispatcher.lease"},
                                   {"dispatcher.max_retries", "dispatcher.max_attempts"},
                                   {"batch_size", "dispatcher.batch"},
                                   {"log_level", "log.level"},
                                   {"loglevel", "log.level"},
                                   {"database_url", "postgres.url"},
                                   {"postgres.host", "postgres.url"},
                                   {"redis.db", "redis.database"},
                                   {"http.port", "http.listen"},
                                   {"signing.secret", "signing.key"}}) {
    CAPTURE(std::string(word));
    CHECK(config::nearest_path(word) == path);
  }
  const Words sections{"postgres", "redis", "signing", "dispatcher", "http", "log"};
  CHECK(config::nearest_word("logging", sections) == "log");
  CHECK(config::nearest_word("Database", sections) == "postgres");
  CHECK(config::nearest_word("metrics", sections) == "http");
  CHECK(config::nearest_word("elsewhere", sections).empty());
  CHECK(config::nearest_word("disp", sections) == "dispatcher");
  CHECK(config::nearest_word("log-l", {"log-level", "log-format"}) == "log-level");
  CHECK(config::nearest_word("log-", {"log-level", "log-format"}).empty());
  CHECK(config::nearest_word("--batch-size", {"--batch-max", "--batch"}) == "--batch");
  CHECK(config::nearest_word("--hmac-key", {"--batch", "--signing-key-file"}) == "--signing-key-file");
  CHECK(config::nearest_word("POLL_MS", {"BATCH", "POLL_INTERVAL"}) == "POLL_INTERVAL");
}

TEST_CASE("no word of other programs is said to mean two settings") {
  std::set<std::string_view> seen;
  for (const auto& option : config::options()) {
    for (const auto word : config::split(option.also, ' ')) {
      CAPTURE(std::string(word));
      CHECK((word.empty() || seen.insert(word).second));
      CHECK(config::find_option(word) == nullptr);
    }
  }
  CHECK(seen.size() > 100);
}

TEST_CASE("misspelt words find the nearest known one, distant ones none") {
  CHECK(config::edit_distance("bacth", "batch") == 1);
  CHECK(config::edit_distance("", "abc") == 3);
  CHECK(config::edit_distance("kitten", "sitting") == 3);
  CHECK(config::nearest_path("dispatcher.leese") == "dispatcher.lease");
  CHECK(config::nearest_path("dispatcher.timeout") == "redis.timeout");
  CHECK(config::nearest_path("Postgres.URL") == "postgres.url");
  CHECK(config::nearest_path("postgres.connect_timout") == "postgres.connect_timeout");
  CHECK(config::nearest_path("redis.sentinel").empty());
}
