// SPDX-License-Identifier: Apache-2.0
// Every kind of bad input: the place and the text of its message.
#include "config/loader.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace config = outboxd::config;

using outboxd::test::TempDir;

namespace {

config::Sources nothing() {
  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  return sources;
}

constexpr config::Needs kNoPostgres{.postgres = false};

struct Row {
  const char* given;
  const char* problem;
};

/// The problems of a file's content, with the file's name cut off.
std::string problems_of_file(const std::string& content) {
  TempDir folder;
  config::Sources sources = nothing();
  sources.config_file = folder.write("t.toml", content).string();
  std::string all = config::render_problems(config::load(sources, kNoPostgres).problems);
  for (auto at = all.find(*sources.config_file); at != std::string::npos; at = all.find(*sources.config_file)) {
    all.replace(at, sources.config_file->size() + 1, "");
  }
  return all;
}

std::string problems_of_environment(const config::Environment& environment) {
  config::Sources sources = nothing();
  sources.environment = environment;
  return config::render_problems(config::load(sources, kNoPostgres).problems);
}

std::string problems_of_flag(const std::string& flag, const std::string& text) {
  config::Sources sources = nothing();
  sources.flags[flag] = text;
  return config::render_problems(config::load(sources, kNoPostgres).problems);
}

}  // namespace

TEST_CASE("a file that is not TOML is one problem on one line") {
  for (const char* content : {
           "[dispatcher",
           "[\x7F]",
           "[[\x01",
           "a = t\n",
           "a = fals\n",
           "a = 1\n\"x\\ny\" = 1\n\"x\\ny\" = 1",
           "größe = 1",
           "a = ä",
           "a = 1 §",
           "a = \xFF",
       }) {
    CAPTURE(std::string(content));
    const std::string problems = problems_of_file(content);
    CHECK(problems.find("not valid TOML: ") != std::string::npos);
    CHECK(problems.find('\n') == problems.size() - 1);
  }
  CHECK(problems_of_file("http.bearer = \"\"\"\\\nx\"\"\"").empty());
}

TEST_CASE("problems of a file have a line, a column and a remedy") {
  for (
      const Row& row : {
          // Out of bounds.
          Row{"[dispatcher]\nbatch = 0", "2:9: dispatcher.batch = 0: must be between 1 and 10000\n"},
          Row{"[dispatcher]\nbatch = 10001", "2:9: dispatcher.batch = 10001: must be between 1 and 10000\n"},
          Row{"[dispatcher]\nlease = \"2h\"", "2:9: dispatcher.lease = \"2h\": must be between 1s and 1h\n"},
          Row{"dispatcher.lease = \"999999999999999999h\"",
              "1:20: dispatcher.lease = \"999999999999999999h\": must be between 1s and 1h\n"},
          Row{"[dispatcher]\nmax_payload_bytes = \"1GiB\"",
              "2:21: dispatcher.max_payload_bytes = \"1GiB\": must be between 1KiB and 512MiB\n"},
          Row{"[redis]\nport = 65536", "2:8: redis.port = 65536: must be between 1 and 65535\n"},
          Row{"[redis]\ndatabase = -1", "2:12: redis.database = -1: must be between 0 and 65535\n"},
          // Wrong types.
          Row{"[dispatcher]\nbatch = \"32\"", "2:9: dispatcher.batch: must be an integer, is a string\n"},
          Row{"[dispatcher]\nbatch = true", "2:9: dispatcher.batch: must be an integer, is a boolean\n"},
          Row{"[dispatcher]\nbatch = 32.0", "2:9: dispatcher.batch: must be an integer, is a float\n"},
          Row{"[dispatcher]\nlease = 30",
              "2:9: dispatcher.lease = 30: needs quotes and a unit: \"30ms\" or \"30s\"\n"},
          Row{"[dispatcher]\nlease = \"30\"",
              "2:9: dispatcher.lease = 30: needs a unit: \"30ms\", \"30s\", \"30m\" or \"30h\"\n"},
          Row{"[dispatcher]\nlease = 1.5",
              "2:9: dispatcher.lease: must be a string with a unit such as \"250ms\", is a float\n"},
          Row{"[dispatcher]\nlease = 07:32:00",
              "2:9: dispatcher.lease: must be a string with a unit such as \"250ms\", is a date or time\n"},
          Row{"[dispatcher]\nmax_payload_bytes = false",
              "2:21: dispatcher.max_payload_bytes: must be a string such as \"16MiB\", or an integer, is a "
              "boolean\n"},
          Row{"[dispatcher]\nstreams = \"a\"",
              "2:11: dispatcher.streams: must be an array of strings, is a string\n"},
          Row{"[dispatcher]\nstreams = [\"a\", 5]",
              "2:17: dispatcher.streams: must be an array of strings, has an integer in it\n"},
          Row{"[dispatcher]\nstreams = [\"a\", \"\"]", "2:17: dispatcher.streams: has an empty stream name\n"},
          Row{"[dispatcher]\ntable = [1]", "2:9: dispatcher.table: must be a string, is an array\n"},
          Row{"dispatcher = 5", "1:1: dispatcher: must be a table, is an integer\n"},
          Row{"[[redis]]\nport = 5", "1:3: redis: must be a table, is an array (write [redis], not [[redis]])\n"},
          // Limits of single streams.
          Row{"[dispatcher.stream_maxlen]\na = 5\nb = 0",
              "3:5: dispatcher.stream_maxlen: the number of \"b\" is 0: it must be between 1 and 1000000000000\n"},
          Row{"[dispatcher.stream_maxlen]\na = \"5\"",
              "2:5: dispatcher.stream_maxlen: the number of \"a\" must be an integer, is a string\n"},
          Row{"[dispatcher.stream_maxlen]\na.b = 5",
              "2:1: dispatcher.stream_maxlen: the number of \"a\" must be an integer, is a table: a stream name with "
              "dots "
              "stands in quotes\n"},
          Row{"[dispatcher.stream_maxlen]\n\"\" = 5", "2:6: dispatcher.stream_maxlen: has an empty stream name\n"},
          Row{"[dispatcher]\nstream_maxlen = 5",
              "2:17: dispatcher.stream_maxlen: must be a table of stream = number, is an integer\n"},
          // How streams are cut.
          Row{"[dispatcher]\ntrim = \"exakt\"",
              "2:8: dispatcher.trim = \"exakt\": must be one of approximate, exact; did you mean exact?\n"},
          Row{"[dispatcher.stream_trim]\na = \"exact\"\nb = \"approx\"",
              "1:1: dispatcher.stream_trim: has \"approx\" for \"b\": it must be approximate or exact; did you "
              "mean approximate?\n"},
          Row{"[dispatcher.stream_trim]\na.b = \"exact\"",
              "2:1: dispatcher.stream_trim: the word for \"a\" must be a string, is a table: a stream name with dots "
              "stands in quotes\n"},
          Row{"[dispatcher.stream_trim]\n\"\" = \"exact\"",
              "2:6: dispatcher.stream_trim: has an empty stream name\n"},
          Row{"[dispatcher]\nstream_trim = \"exact\"",
              "2:15: dispatcher.stream_trim: must be a table of stream = \"word\", is a string\n"},
          // Unknown keys and sections.
          Row{"[dispatcher]\nbacth = 5", "2:1: unknown key dispatcher.bacth; did you mean dispatcher.batch?\n"},
          Row{"batch = 5", "1:1: unknown key batch; did you mean dispatcher.batch?\n"},
          Row{"[redis]\ntimeuot = \"5s\"", "2:1: unknown key redis.timeuot; did you mean redis.timeout?\n"},
          Row{"[dispatcher]\npoll-interval = \"5s\"",
              "2:1: unknown key dispatcher.poll-interval; did you mean dispatcher.poll_interval?\n"},
          Row{"[dispatcher]\ncompletely_else = 5", "2:1: unknown key dispatcher.completely_else\n"},
          Row{"[dispatchr]\nbatch = 5", "1:2: unknown section dispatchr; did you mean dispatcher?\n"},
          Row{"[disp]\nbatch = 5", "1:2: unknown section disp; did you mean dispatcher?\n"},
          Row{"[post]\nurl = 'x'", "1:2: unknown section post; did you mean postgres?\n"},
          Row{"\"dispatcher.batch\" = 5", "1:1: unknown key \"dispatcher.batch\"; did you mean dispatcher.batch?\n"},
          Row{"\"a\\nb\" = 5", "1:1: unknown key \"a\\u000ab\"\n"},
          // Values of the wrong form.
          Row{"profile = \"apii\"", "1:11: profile = \"apii\": must be one of api, coordinator; did you mean api?\n"},
          Row{"[log]\nlevel = \"loud\"",
              "2:9: log.level = \"loud\": must be one of trace, debug, info, warn, error, critical, off\n"},
          Row{"[dispatcher]\ntable = \"a; drop\"",
              "2:9: dispatcher.table = \"a; drop\": must be a table name, with or without a schema in front, of "
              "letters, digits, '_' and '$', or in double quotes: \"My.Schema\".\"my table\"\n"},
          Row{"[dispatcher]\nname = \"\"",
              "2:8: dispatcher.name = \"\": must be 1 to 64 letters, digits, '_', '-' and '.'\n"},
          Row{"[metrics]\nstreams_interval = \"500ms\"",
              "2:20: metrics.streams_interval = \"500ms\": must be at least 1s, or 0s for never\n"},
          Row{"[metrics]\nstreams_interval = \"0s\"", ""},
          Row{"[http]\nlisten = \"9464\"", "2:10: http.listen = 9464: must be host:port, or off\n"},
          Row{"[http]\nlisten = \":9464\"",
              "2:10: http.listen = \":9464\": names no host: use 0.0.0.0 or [::] for all interfaces\n"},
          Row{"[http]\nlisten = \"::1:9464\"",
              "2:10: http.listen = \"::1:9464\": must be host:port with an IPv6 host in brackets, or off\n"},
          Row{"[http]\nlisten = \"a:65536\"",
              "2:10: http.listen = \"a:65536\": has a port that is not between 1 and 65535 (0: any free one)\n"},
          Row{"[redis]\nhost = \"redis:6379\"",
              "2:8: redis.host = \"redis:6379\": must be a host name or an IP address, without a port (redis.port) "
              "or "
              "brackets\n"},
          Row{"[redis]\nhost = \"/run/redis.sock\"",
              "2:8: redis.host = \"/run/redis.sock\": is a path: give a Unix socket as redis.url, "
              "unix:///run/redis/redis.sock\n"},
      }) {
    CAPTURE(std::string(row.given));
    CHECK(problems_of_file(row.given) == row.problem);
  }
}

TEST_CASE("problems of the environment and of flags name them, in their own units") {
  constexpr const char* kName = "environment ";
  struct Variable {
    const char* name;
    const char* value;
    const char* text;
  };
  for (const Variable& row : {
           Variable{"CARACAL_OUTBOX_BATCH", "0", "dispatcher.batch = 0: must be between 1 and 10000"},
           Variable{"CARACAL_OUTBOX_BATCH", "many", "dispatcher.batch = \"many\": is not a whole number"},
           Variable{"CARACAL_OUTBOX_POLL_MS", "0",
                    "dispatcher.poll_interval = 0: must be between 1 and 3600000 milliseconds"},
           Variable{"CARACAL_OUTBOX_POLL_MS", "250ms",
                    "dispatcher.poll_interval = \"250ms\": must be a plain number of milliseconds, without a unit"},
           Variable{"CARACAL_OUTBOX_LOCK_SEC", "0", "dispatcher.lease = 0: must be between 1 and 3600 seconds"},
           Variable{"OUTBOXD_LEASE", "30",
                    "dispatcher.lease = 30: needs a unit: \"30ms\", \"30s\", \"30m\" or \"30h\""},
           Variable{"OUTBOXD_STREAM_MAXLEN", "a=1,b",
                    "dispatcher.stream_maxlen = \"a=1,b\": must be a list such as stream-a=1000,stream-b=5"},
           Variable{"OUTBOXD_STREAM_MAXLEN", "a=0",
                    "dispatcher.stream_maxlen = \"a=0\": the number of \"a\" must be between 1 and 1000000000000"},
           Variable{"OUTBOXD_STREAM_MAXLEN", "a=1,a=2", "dispatcher.stream_maxlen = \"a=1,a=2\": names \"a\" twice"},
           Variable{"OUTBOXD_STREAMS", "a,,b", "dispatcher.streams = \"a,,b\": has an empty stream name"},
           Variable{"OUTBOXD_STREAMS", "\xFF", "dispatcher.streams = (not UTF-8): is not UTF-8 text"},
           Variable{"REDIS_HOST", "redis://:hunter2@h", "redis.host = ***: is a URL: give it as redis.url"},
           Variable{"METRICS_BEARER", "two words", "http.bearer: must be printable ASCII without blanks"},
           Variable{"REDIS_URL", "rediss://h",
                    "redis.url: asks for TLS (rediss://), and TLS to Redis is not supported by this version: use "
                    "redis:// or unix://"},
           Variable{"OUTBOXD_BACTH", "5", "unknown variable; did you mean OUTBOXD_BATCH?"},
           Variable{"OUTBOXD_ANYTHING_ELSE", "5", "unknown variable"},
       }) {
    CAPTURE(std::string(row.name));
    CHECK(problems_of_environment({{row.name, row.value}}) == std::string(kName) + row.name + ": " + row.text + "\n");
  }
  CHECK(problems_of_flag("--batch", "0") == "flag --batch: dispatcher.batch = 0: must be between 1 and 10000\n");
  CHECK(problems_of_flag("--bacth", "5") == "flag --bacth: unknown flag\n");
  CHECK(problems_of_flag("--redis-password", "hunter2") == "flag --redis-password: unknown flag\n");
}

TEST_CASE("all problems are reported at once, a broken file's own error included") {
  TempDir folder;
  config::Sources sources = nothing();
  sources.config_file =
      folder.write("t.toml", "profile = \"x\"\n[dispatcher]\nlease = 1\nbatch = 0\n[logs]\n").string();
  sources.environment = {{"LOG_LEVEL", "loud"}, {"OUTBOXD_X", "1"}};
  sources.flags = {{"--maxlen", "0"}};
  CHECK(config::load(sources).problems.size() == 8);
  sources.config_file = folder.write("t.toml", "profile = \n").string();
  const auto problems = config::load(sources).problems;
  REQUIRE(problems.size() == 5);
  CHECK(problems.front().shown().find(*sources.config_file + ":1:") == 0);
}

TEST_CASE("a configuration file that was asked for must exist") {
  TempDir folder;
  config::Sources sources = nothing();
  CHECK(config::load(sources, kNoPostgres).problems.empty());
  const std::string missing = (folder / "missing.toml").string();
  const std::string text = missing + ": can't read the configuration file: No such file or directory\n";
  sources.config_file = missing;
  CHECK(config::render_problems(config::load(sources, kNoPostgres).problems) == text);
  CHECK(problems_of_environment({{"OUTBOXD_CONFIG", missing}}) == text);
  CHECK(problems_of_environment({{"OUTBOXD_CONFIG", ""}}).empty());
  CHECK(problems_of_environment({{"OUTBOXD_CONFIG", folder.path().string()}}).find("Is a directory") !=
        std::string::npos);
}

TEST_CASE("a command's required settings must be set") {
  const auto loaded = config::load(nothing());
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems.front().text.find("postgres.url is not set: give it in the environment as DATABASE_URL") ==
        0);

  for (const char* mode : {"rc", "stable", "RC", " Stable\n"}) {
    CHECK(problems_of_environment({{"CARACAL_MODE", mode}}).find("which needs a signing key") != std::string::npos);
  }
  for (const char* mode : {"dev", " DEV ", ""}) CHECK(problems_of_environment({{"CARACAL_MODE", mode}}).empty());
  // Taken for dev, they would have entries go out unsigned.
  for (const std::string mode : {"production", "release", "prod", " ", "devel"}) {
    CHECK(problems_of_environment({{"CARACAL_MODE", mode}}).find("must be one of dev, rc, stable") !=
          std::string::npos);
  }
  CHECK(problems_of_flag("--mode", "stabel").find("did you mean stable?") != std::string::npos);
  config::Sources sources = nothing();
  sources.environment = {{"CARACAL_MODE", "rc"}};
  CHECK(config::load(sources, {.postgres = false, .signing = false}).problems.empty());
  // A bad key is one problem, not two.
  CHECK(problems_of_environment({{"CARACAL_MODE", "rc"}, {"STREAMS_HMAC_KEY", "00"}}) ==
        "environment STREAMS_HMAC_KEY: signing.key: is 1 bytes, needs at least 32 (64 hex digits)\n");
}

TEST_CASE("signing.strict is true or false, without quotes or with them, and needs a key") {
  const auto strict = [](const std::string& value) {
    TempDir folder;
    auto sources = nothing();
    sources.environment = {{"STREAMS_HMAC_KEY", std::string(64, 'a')}};
    sources.config_file = folder.write("t.toml", "signing.strict = " + value + "\n").string();
    const auto loaded = config::load(sources, kNoPostgres);
    REQUIRE(loaded.problems.empty());
    return loaded.settings.strict_signatures;
  };
  CHECK(strict("true"));
  CHECK(strict("\"true\""));
  CHECK(!strict("false"));
  CHECK(!config::load(nothing(), kNoPostgres).settings.strict_signatures);
  CHECK(problems_of_file("signing.strict = 1\n") == "1:18: signing.strict: must be true or false, is an integer\n");
  CHECK(problems_of_file("signing.strict = true\n").find("signing.strict is true, which needs a signing key") !=
        std::string::npos);
}

TEST_CASE("the back-off's bounds are in order") {
  CHECK(problems_of_flag("--probe-min", "2s") ==
        "flag --probe-min: dispatcher.probe_min = 2s: must not be above dispatcher.probe_max, which is 1s\n");
  CHECK(problems_of_flag("--probe-max", "50ms") ==
        "flag --probe-max: dispatcher.probe_min = 100ms: must not be above dispatcher.probe_max, which is 50ms\n");
}

TEST_CASE("variables that Kubernetes sets for a Service are ignored") {
  CHECK(problems_of_environment({{"OUTBOXD_SERVICE_HOST", "10.0.0.1"},
                                 {"OUTBOXD_SERVICE_PORT_METRICS", "9464"},
                                 {"OUTBOXD_PORT", "tcp://10.0.0.1:9464"},
                                 {"OUTBOXD_PORT_9464_TCP_ADDR", "10.0.0.1"},
                                 {"REDIS_PORT", "tcp://10.0.0.1:6379"}})
            .empty());
}

TEST_CASE("a host of Redis beside a port that Kubernetes set gets a warning, and any other word an error") {
  const auto warnings_of = [](const config::Environment& environment) {
    config::Sources sources = nothing();
    sources.environment = environment;
    const config::Loaded loaded = config::load(sources, {.postgres = false, .signing = false});
    CHECK(loaded.problems.empty());
    CHECK(loaded.settings.redis.endpoint.port == 6379);
    return config::render_problems(loaded.warnings);
  };
  const config::Environment::value_type link{"REDIS_PORT", "tcp://10.0.0.1:6379"};
  CHECK(warnings_of({link, {"REDIS_HOST", "h"}})
            .find("environment REDIS_PORT: is not a port but what Kubernetes sets for a Service, and is not read: "
                  "redis.port is 6379") == 0);
  CHECK(warnings_of({{"OUTBOXD_REDIS_PORT", "tcp://10.0.0.1:6380"}, {"REDIS_HOST", "h"}})
            .find("environment OUTBOXD_REDIS_PORT: ") == 0);
  CHECK(warnings_of({link}).empty());
  const outboxd::test::TempDir folder;
  const auto file = folder.write("t.toml", "[[dispatcher]]\nredis.host = \"own\"\n").string();
  CHECK(warnings_of({link, {"OUTBOXD_CONFIG", file}}).empty());
  CHECK(warnings_of({link, {"REDIS_URL", "redis://h"}}).empty());
  CHECK(warnings_of({link, {"REDIS_HOST", "h"}, {"OUTBOXD_REDIS_PORT", "6379"}}).empty());
  CHECK(problems_of_environment({{"REDIS_HOST", "h"}, {"REDIS_PORT", "tcp"}}) ==
        "environment REDIS_PORT: redis.port = \"tcp\": is not a whole number\n");
}

TEST_CASE("every default is within its option's bounds, and every option has a use") {
  config::Problems problems;
  for (const config::Option& option : config::options()) {
    CAPTURE(option.path);
    CHECK_FALSE(option.help.empty());
    CHECK((option.store != nullptr || !option.file_of.empty() || option.path == "redis.url"));
    for (const auto profile : {outboxd::Profile::api, outboxd::Profile::coordinator}) {
      const std::string& text = option.default_text(profile);
      if (!text.empty()) config::parse_text(option, text, config::Unit::own, {}, problems);
    }
  }
  CHECK(config::render_problems(problems).empty());
}
