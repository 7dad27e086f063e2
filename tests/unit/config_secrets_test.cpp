// SPDX-License-Identifier: Apache-2.0
// The sources of secrets, and that secrets are shown nowhere.
#include "config/loader.hpp"
#include "config/options.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>

namespace config = outboxd::config;
using outboxd::test::TempDir;

namespace {

constexpr const char* kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr config::Needs kNoPostgres{.postgres = false};

config::Sources with_environment(const config::Environment& environment) {
  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  sources.environment = environment;
  return sources;
}

std::string problems(const config::Sources& sources) {
  return config::render_problems(config::load(sources, kNoPostgres).problems);
}

}  // namespace

TEST_CASE("every secret has a file and no flag of its own") {
  for (const char* path : {"postgres.url", "redis.url", "redis.password", "signing.key", "http.bearer"}) {
    CAPTURE(std::string(path));
    const config::Option* const secret = config::find_option(path);
    const config::Option* const file = config::find_option(std::string(path) + "_file");
    REQUIRE(secret != nullptr);
    REQUIRE(file != nullptr);
    CHECK(secret->secret);
    CHECK(secret->flag().empty());
    CHECK_FALSE(file->flag().empty());
    CHECK(file->own_env() == secret->own_env() + "_FILE");
    REQUIRE(file->shared_env.size() == 1);
    CHECK(file->shared_env.front().name == secret->shared_env.front().name + "_FILE");
  }
}

TEST_CASE("blanks and line ends around a secret in a file are dropped, as the services do") {
  TempDir folder;
  for (const auto& [content, password] :
       {std::pair{"hunter2", "hunter2"}, std::pair{"hunter2\n", "hunter2"}, std::pair{"hunter2\r\n", "hunter2"},
        std::pair{"hunter2\n\n", "hunter2"}, std::pair{" \thunter 2 \t\r\n \n", "hunter 2"},
        std::pair{"hunter2\r", "hunter2"}, std::pair{"hunter2 \v\f\n", "hunter2"}}) {
    const auto sources = with_environment({{"REDIS_PASSWORD_FILE", folder.write("pw", content).string()}});
    const config::Loaded loaded = config::load(sources, kNoPostgres);
    CHECK(config::render_problems(loaded.problems).empty());
    CHECK(loaded.settings.redis.endpoint.password == password);
  }
}

TEST_CASE("the same goes for a secret in a variable") {
  auto sources = with_environment({{"DATABASE_URL", "postgres://u@h/db\n "},
                                   {"REDIS_URL", " redis://h:1/0 \r\n"},
                                   {"REDIS_PASSWORD", "hunter 2 \n"},
                                   {"STREAMS_HMAC_KEY", std::string(kKey) + "\n"},
                                   {"METRICS_BEARER", "token \n"}});
  const config::Loaded loaded = config::load(sources);
  CHECK(config::render_problems(loaded.problems).empty());
  CHECK(loaded.settings.postgres.url == "postgres://u@h/db");
  CHECK(loaded.settings.redis.endpoint.host == "h");
  CHECK(loaded.settings.redis.endpoint.password == "hunter 2");
  CHECK(loaded.settings.signing_key.size() == 32);
  CHECK(loaded.settings.http.bearer == "token");
  // No token would leave the metrics open.
  sources = with_environment({{"METRICS_BEARER", " \n"}});
  CHECK(problems(sources) == "environment METRICS_BEARER: http.bearer: has nothing but white space in it\n");
}

TEST_CASE("quotes that an env file kept are named") {
  const std::string key = "'" + std::string(kKey) + "'";
  for (const auto& [name, text] :
       {std::pair{"REDIS_URL", std::string{R"("redis://:s3cret@h")"}}, std::pair{"STREAMS_HMAC_KEY", key},
        std::pair{"DATABASE_URL", std::string{"'host=s3cret'"}}}) {
    const auto text_of_problems = problems(with_environment({{std::string{name}, text}}));
    CAPTURE(text_of_problems);
    CHECK(text_of_problems.find("begins with a quote") != std::string::npos);
    CHECK(text_of_problems.find('\n') == text_of_problems.size() - 1);
    CHECK(text_of_problems.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a secret's file works from every source, and the higher source wins") {
  TempDir folder;
  const std::string key = folder.write("key", std::string(kKey) + "\n").string();
  const std::string one = folder.write("one", "one").string();
  const std::string two = folder.write("two", "two").string();
  const std::string url = folder.write("url", "postgres://two\n").string();

  config::Sources sources = with_environment({{"METRICS_BEARER_FILE", one}, {"STREAMS_HMAC_KEY_FILE", key}});
  sources.config_file =
      folder.write("t.toml", "[http]\nbearer = \"file\"\n[redis]\npassword_file = \"" + two + "\"").string();
  sources.flags["--postgres-url-file"] = url;
  const config::Settings settings = config::load(sources).settings;
  CHECK(problems(sources).empty());
  CHECK(settings.http.bearer == "one");
  CHECK(settings.redis.endpoint.password == "two");
  CHECK(settings.postgres.url == "postgres://two");
  CHECK(settings.signing_key.size() == 32);

  sources.environment["METRICS_BEARER_FILE"] = "";
  sources.environment["METRICS_BEARER"] = "plain";
  CHECK(config::load(sources).settings.http.bearer == "plain");
  sources.flags["--http-bearer-file"] = two;
  CHECK(config::load(sources).settings.http.bearer == "two");
}

TEST_CASE("of a secret and its file in one source the secret counts, and a warning says so") {
  TempDir folder;
  const auto check = [](const config::Sources& sources, const std::string& warning) {
    const config::Loaded loaded = config::load(sources, kNoPostgres);
    CHECK(config::render_problems(loaded.problems).empty());
    CHECK_MESSAGE(config::render_problems(loaded.warnings).find(warning + "\n") != std::string::npos,
                  config::render_problems(loaded.warnings));
    return loaded.settings;
  };
  config::Sources sources = with_environment({{"REDIS_PASSWORD", "a"}, {"REDIS_PASSWORD_FILE", "/nonexistent"}});
  CHECK(check(sources,
              "environment REDIS_PASSWORD_FILE: REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set, and "
              "REDIS_PASSWORD counts: take the other out")
            .redis.endpoint.password == "a");
  // The outboxd name wins over a shared one.
  sources =
      with_environment({{"REDIS_PASSWORD", "a"}, {"OUTBOXD_REDIS_PASSWORD_FILE", folder.write("pw", "b").string()}});
  CHECK(check(sources,
              "environment OUTBOXD_REDIS_PASSWORD_FILE: REDIS_PASSWORD and OUTBOXD_REDIS_PASSWORD_FILE are "
              "both set, and OUTBOXD_REDIS_PASSWORD_FILE counts: take the other out")
            .redis.endpoint.password == "b");
  sources = with_environment({});
  sources.config_file = folder.write("t.toml", "[redis]\npassword = \"a\"\npassword_file = \"/x\"").string();
  CHECK(check(sources, *sources.config_file + ":3:17: redis.password and redis.password_file are both set, and "
                                              "redis.password counts: take the other out")
            .redis.endpoint.password == "a");
}

TEST_CASE("a secret's file that can't be used is an error with its path and the reason") {
  TempDir folder;
  const std::string missing = (folder / "missing").string();
  const std::string empty = folder.write("empty", "\n").string();
  const std::string short_key = folder.write("short", "00\n").string();
  const auto of = [](const std::string& path) {
    return problems(with_environment({{"STREAMS_HMAC_KEY_FILE", path}}));
  };
  const std::string start = "environment STREAMS_HMAC_KEY_FILE: signing.key_file: ";
  CHECK(of(missing) == start + "can't read " + missing + ": No such file or directory\n");
  CHECK(of(folder.path().string()) == start + "can't read " + folder.path().string() + ": Is a directory\n");
  CHECK(of(empty) == start + empty + " is empty\n");
  CHECK(of("/dev/zero") == start + "can't read /dev/zero: is a device; put the secret into an ordinary file\n");
  CHECK(of(short_key) ==
        "environment STREAMS_HMAC_KEY_FILE: signing.key: is 1 bytes, needs at least 32 (64 hex digits)\n");
  CHECK(of(kKey).find("(its name is not shown, in case it is the secret itself)") != std::string::npos);
}

TEST_CASE("secrets never show, wherever they were put and however wrong they are") {
  TempDir folder;
  const std::string secret = "5ec2e7" + std::string(58, '7');
  const std::string url = "://app:" + secret + "@h/0";
  const auto in_file = [&](const std::string& content) {
    config::Sources sources = with_environment({});
    sources.config_file = folder.write("t.toml", content).string();
    return sources;
  };
  config::Sources from_file = with_environment({{"REDIS_PASSWORD_FILE", folder.write("pw", secret).string()}});
  for (const config::Sources& sources : {
           with_environment({{"STREAMS_HMAC_KEY", secret}}),
           with_environment({{"STREAMS_HMAC_KEY", secret + "x"}}),
           with_environment({{"STREAMS_HMAC_KEY", secret + "0"}}),
           with_environment({{"STREAMS_HMAC_KEY", secret + "\xFF"}}),
           with_environment({{"STREAMS_HMAC_KEY_FILE", secret}}),
           with_environment({{"METRICS_BEARER", secret}, {"REDIS_PASSWORD", secret}}),
           with_environment({{"METRICS_BEARER", secret + " "}}),
           with_environment({{"REDIS_URL", "redis" + url}, {"DATABASE_URL", "postgres" + url}}),
           with_environment({{"REDIS_URL", "rediss" + url}, {"DATABASE_URL", "host=h password=" + secret}}),
           with_environment({{"REDIS_URL", "redis://" + secret + "@h"}, {"DATABASE_URL", secret}}),
           with_environment({{"REDIS_URL", secret}}),
           with_environment({{"REDIS_URL", "redis://:" + secret}}),
           with_environment({{"REDIS_HOST", "redis" + url}}),
           with_environment({{"REDIS_URL_FILE", "redis" + url}}),
           with_environment({{"OUTBOXD_TABLE", "postgres" + url}}),
           in_file("[signing]\nkey = " + secret),
           in_file("[signing]\nkey = \"" + secret + "x\""),
           in_file("[signing]\nkey = [\"" + secret + "\"]"),
           in_file("[signing]\nkey = \"" + secret),
           in_file("[signing]\nkey = '" + secret + "\n'"),
           in_file("[signing]\nkey = 0x" + secret),
           in_file("[redis]\npassword = 5" + std::string(30, '7')),
           in_file("[redis]\nurl = redis" + url),
           from_file,
       }) {
    const config::Loaded loaded = config::load(sources);
    for (const std::string& text :
         {config::render_problems(loaded.problems), config::render_show(loaded), config::render_show_json(loaded)}) {
      CHECK_MESSAGE(text.find("777777") == std::string::npos, text);
    }
  }
}
