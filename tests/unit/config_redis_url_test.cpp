// SPDX-License-Identifier: Apache-2.0
#include "config/redis_url.hpp"

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
  constexpr const char* kHost = "has a host that is neither a name nor an IP address";
  constexpr const char* kDatabase = "names a database that is not a number between 0 and 65535";
  for (const Bad& row : {
           Bad{"", "does not begin with redis://, unix:// or redis+unix://"},
           Bad{"redis:6379", "does not begin with redis://, unix:// or redis+unix://"},
           Bad{"http://redis", "does not begin with redis://, unix:// or redis+unix://"},
           Bad{"rediss://redis",
               "asks for TLS (rediss://), and TLS to Redis is not supported by this version: use redis:// or "
               "unix://"},
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
           Bad{"redis://redis?ssl=true", "has a query other than ?db=N"},
           Bad{"redis://:p%zz@redis", "has a '%' that is not followed by two hex digits, or is %00"},
           Bad{"redis://:p%00@redis", "has a '%' that is not followed by two hex digits, or is %00"},
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
