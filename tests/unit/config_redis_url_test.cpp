// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"
#include "config/redis_url.hpp"
#include "config/render.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace config = outboxd::config;

namespace {

constexpr auto kNone = std::nullopt;

struct Good {
  const char* url;
  const char* host;
  int port;
  const char* unix_path;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<int> database;
};

struct Bad {
  const char* url;
  const char* reason;
};

}  // namespace

TEST_CASE("Redis URLs name a place, and perhaps a user, a password and a database") {
  for (const Good& row : {
           Good{"redis://redis", "redis", 6379, "", kNone, kNone, kNone},
           Good{"redis://redis/", "redis", 6379, "", kNone, kNone, kNone},
           Good{"REDIS://redis:6380/3", "redis", 6380, "", kNone, kNone, 3},
           Good{"redis://redis?db=4", "redis", 6379, "", kNone, kNone, 4},
           Good{"redis://[::1]:6380/0", "::1", 6380, "", kNone, kNone, 0},
           Good{"redis://[fe80::1%25eth0]", "fe80::1%eth0", 6379, "", kNone, kNone, kNone},
           Good{"redis://:pw@redis", "redis", 6379, "", kNone, "pw", kNone},
           Good{"redis://app@redis", "redis", 6379, "", "app", kNone, kNone},
           Good{"redis://app:@redis", "redis", 6379, "", "app", kNone, kNone},
           Good{"redis://app:p%40s%2Fs@redis:1", "redis", 1, "", "app", "p@s/s", kNone},
           Good{"redis://app:p@ss:word@redis", "redis", 6379, "", "app", "p@ss:word", kNone},
           Good{"redis://app:50%off%21@redis", "redis", 6379, "", "app", "50%off!", kNone},
           Good{"unix:///run/redis.sock", "", 6379, "/run/redis.sock", kNone, kNone, kNone},
           Good{"unix:///run/my%20redis.sock?db=5", "", 6379, "/run/my redis.sock", kNone, kNone, 5},
           Good{"redis+unix://app:pw@/run/redis.sock", "", 6379, "/run/redis.sock", "app", "pw", kNone},
       }) {
    CAPTURE(std::string(row.url));
    const auto parsed = config::parse_redis_url(row.url);
    REQUIRE_MESSAGE(parsed.value.has_value(), parsed.problem);
    CHECK(parsed.value->host == row.host);
    CHECK(parsed.value->port == row.port);
    CHECK(parsed.value->unix_path == row.unix_path);
    CHECK((parsed.value->username == row.username));
    CHECK((parsed.value->password == row.password));
    CHECK((parsed.value->database == row.database));
  }
}

TEST_CASE("bad Redis URLs are refused, and the reason repeats nothing of them") {
  constexpr const char* kPort =
      "has a port that is not a number between 1 and 65535 (IPv6 hosts stand in brackets; '/', '?', '#' and '@' in a "
      "password are written as %2F, %3F, %23, %40)";
  constexpr const char* kTls =
      "asks for TLS (rediss://), and TLS to Redis is not supported by this version: use redis:// or unix://";
  constexpr const char* kHost = "has a host that is neither a name nor an IP address";
  constexpr const char* kDatabase = "names a database that is not a number between 0 and 65535";
  for (const Bad& row : {
           Bad{"", "does not begin with redis://, unix:// or redis+unix://"},
           Bad{"redis:6379", "does not begin with redis://, unix:// or redis+unix://"},
           Bad{"http://redis", "does not begin with redis://, unix:// or redis+unix://"},
           Bad{"rediss://redis", kTls},
           Bad{"redis://", "names no host"},
           Bad{"redis://:6379", "names no host"},
           Bad{"redis://redis:0", kPort},
           Bad{"redis://redis:65536", kPort},
           Bad{"redis://redis:x", kPort},
           Bad{"redis://::1:6379", "names no host"},
           Bad{"redis://fe80::1", kPort},
           Bad{"redis://[::1", "has a '[' without a ']'"},
           Bad{"redis://[redis]", "has something other than an IPv6 address in brackets"},
           Bad{"redis://a%20b", kHost},
           Bad{"redis://a%2Fb:1", kHost},
           Bad{"redis://%FF", kHost},
           Bad{"redis://[1:2]", kHost},
           Bad{"redis://[::1%25e%20]", kHost},
           Bad{"redis://[::1]6379", kPort},
           Bad{"redis://redis/x", kDatabase},
           Bad{"redis://redis/65536", kDatabase},
           Bad{"redis://redis/-1", kDatabase},
           Bad{"redis://redis/1?db=2", "names two different databases"},
           Bad{"redis://redis?ssl=true", kTls},
           Bad{"redis://redis/0?tls=1", kTls},
           Bad{"redis://redis?keyPrefix=app",
               "has the parameter keyPrefix: streams have the names that their rows give them, so take it out"},
           Bad{"redis://redis?sentinelMasterId=m",
               "has the parameter sentinelMasterId, which means nothing here: take it out"},
           Bad{"redis://redis?secret", "has a parameter without a value: write ?db=N"},
           Bad{"redis://redis?a%20b=1",
               "has a parameter whose name has other characters than letters, digits, '_' and '-'"},
           Bad{"redis://:p%00@redis", "has %00 in its user or password, which no text can hold"},
           Bad{"redis://:p/w@redis", "has a '/', '?' or '#' in its user or password: write them as %2F, %3F and %23"},
           Bad{"unix://run/redis.sock", "names no absolute socket path, as unix:///run/redis/redis.sock does"},
           Bad{"unix:///", "names no socket path"},
       }) {
    CAPTURE(std::string(row.url));
    const auto parsed = config::parse_redis_url(row.url);
    CHECK_FALSE(parsed.value.has_value());
    CHECK(parsed.problem == row.reason);
  }
}

TEST_CASE("Redis URLs of other drivers are accepted, with a warning of ignored parameters") {
  struct Row {
    const char* url;
    const char* shown;
    std::optional<std::string> password;
    /// The parameters that the warnings name.
    const char* warns_of;
  };
  for (const Row& row : {
           // ioredis, BullMQ
           Row{"redis://:pw@h:6380/0?family=0", "h:6380/0", "pw", "family"},
           Row{"redis://h/1?family=6&connectTimeout=500&maxRetriesPerRequest=3&lazyConnect=true", "h:6379/1", kNone,
               "family connectTimeout maxRetriesPerRequest lazyConnect"},
           Row{"redis://u:pw@h?allowUsernameInURI=true&enableReadyCheck=false", "h:6379/0", "pw",
               "allowUsernameInURI enableReadyCheck"},
           Row{"redis://h?tls=false", "h:6379/0", kNone, ""},
           Row{"redis://h?", "h:6379/0", kNone, ""},
           Row{"redis://h:6379/2?#", "h:6379/2", kNone, ""},
           // node-redis
           Row{"redis://default:pw@h:6379#main", "h:6379/0", "pw", "#"},
           Row{"redis://h/0?clientName=api", "h:6379/0", kNone, "clientName"},
           // redis-py, Celery
           Row{"redis://h:6379?db=3&decode_responses=True&protocol=3", "h:6379/3", kNone,
               "decode_responses protocol"},
           Row{"redis://h/0?password=pw&username=u&health_check_interval=30&socket_timeout=5", "h:6379/0", "pw",
               "health_check_interval socket_timeout"},
           Row{"redis://h/0?ssl_cert_reqs=none", "h:6379/0", kNone, "ssl_cert_reqs"},
           Row{"unix://:pw@/run/redis.sock?db=2&max_connections=5", "unix:/run/redis.sock/2", "pw",
               "max_connections"},
           // go-redis
           Row{"redis://u:pw@h:6379/0?dial_timeout=5s&read_timeout=3s&pool_size=20&protocol=2", "h:6379/0", "pw",
               "dial_timeout read_timeout pool_size protocol"},
           Row{"redis://h/1?max_retries=2&conn_max_idle_time=5m&client_name=x", "h:6379/1", kNone,
               "max_retries conn_max_idle_time client_name"},
           // Lettuce
           Row{"redis://pw@h/0?timeout=10s&libraryName=x&database=0", "h:6379/0", kNone, "timeout libraryName"},
           // characters that a file or a shell leaves around it
           Row{" \tredis://:pw@h/4\r\n", "h:6379/4", "pw", ""},
       }) {
    CAPTURE(std::string(row.url));
    config::Sources sources;
    sources.default_file = "/nonexistent/outboxd.toml";
    sources.environment = {{"REDIS_URL", row.url}};
    const auto loaded = config::load(sources, {.postgres = false, .signing = false});
    CHECK(config::render_problems(loaded.problems).empty());
    CHECK(loaded.settings.redis.endpoint.shown() == row.shown);
    CHECK(loaded.settings.redis.endpoint.password == row.password.value_or(""));
    std::string named;
    for (const auto& warning : loaded.warnings) {
      const std::string start = "environment REDIS_URL: redis.url: ";
      REQUIRE(warning.shown().find(start) == 0);
      const auto text = warning.shown().substr(start.size());
      const std::string parameter = "the parameter ";
      const bool is_parameter = text.find(parameter) == 0;
      const auto name = is_parameter
                            ? text.substr(parameter.size(), text.find(' ', parameter.size()) - parameter.size())
                            : std::string("#");
      named.append(named.empty() ? "" : " ").append(name);
    }
    CHECK(named == row.warns_of);
    CHECK(config::render_show(loaded).find("pw") == std::string::npos);
  }
}
