// SPDX-License-Identifier: Apache-2.0
#include "config/mask.hpp"

#include <doctest/doctest.h>

#include <string>

namespace config = outboxd::config;

namespace {

struct Row {
  const char* connection;
  const char* shown;
};

}  // namespace

TEST_CASE("Postgres connections are shown without parts that could be secret") {
  for (const Row& row : {
           Row{"postgres://app:hunter2@db:5432/app", "postgres://app:***@db:5432/app"},
           Row{"postgresql://app:hunter2@db/app?sslmode=require", "postgresql://app:***@db/app?sslmode=require"},
           Row{"postgres://app@db/app", "postgres://app@db/app"},
           Row{"postgres:///app?host=/run/postgresql", "postgres:///app?host=/run/postgresql"},
           Row{"postgres://h1:1,[::1]:2/app", "postgres://h1:1,[::1]:2/app"},
           // An unescaped '@', ':' or '/'.
           Row{"postgres://app:hun@ter2@db/app", "postgres://app:***@db/app"},
           Row{"postgres://app:hun:ter2@db/app", "postgres://app:***@db/app"},
           Row{"postgres://app:hun/ter2@db/app", "postgres://app:***@db/app"},
           Row{"postgres://app:hun?ter2@db/app", "***"},
           Row{"postgres://app:hunter2", "***"},
           // Passwords in the query.
           Row{"postgres://db/app?user=app&password=hunter2", "postgres://db/app?user=app&***"},
           Row{"postgres://db/app?pass%77ord=hunter2", "postgres://db/app?***"},
           Row{"postgres://db:5432/app?password=hun@ter2", "***"},
           Row{"postgres://db/app?hunter2", "postgres://db/app?***"},
           Row{"postgres://db/app?dbname=postgres://a:hunter2@b", "***"},
           Row{"postgres://db/app?sslpassword=hunter2&sslmode=verify-full",
               "postgres://db/app?***&sslmode=verify-full"},
           // Conninfo.
           Row{"host=db user=app password=hunter2 dbname=app", "host=db user=app password=*** dbname=app"},
           Row{"host = '/run/my dir' password='hun ter2'", "host='/run/my dir' password=***"},
           Row{"password=hun\\ ter2 host=db", "password=*** host=db"},
           Row{"host=db sslpassword=hunter2 sslmode=require", "host=db *** sslmode=require"},
           // As a foreign dialect's URL is written out.
           Row{R"(user=u password=p host=h keepalives=1 keepalives_idle=10 options='-csearch_path="app"')",
               R"(user=u password=*** host=h keepalives=1 keepalives_idle=10 options=-csearch_path="app")"},
           Row{"host=h sslmode=verify-full sslrootcert=/etc/ca.crt channel_binding=require",
               "host=h sslmode=verify-full sslrootcert=/etc/ca.crt channel_binding=require"},
           Row{"host=h options='-capp.token=hunter2 -cgeqo=off'", "host=h ***"},
           Row{"host=h oauth_client_secret=hunter2 scram_client_key=hunter2", "host=h *** ***"},
           Row{"postgres://u@h/db?options=-c%20geqo%3Doff", "postgres://u@h/db?options=-c%20geqo%3Doff"},
           Row{"postgres://u@h/db?options=-c%20app.token%3Dhunter2", "postgres://u@h/db?***"},
           Row{"postgres://u@h/db?dbname=host%3Dx%20password%3Dhunter2", "postgres://u@h/db?***"},
           Row{"postgres://u:hun#ter2@h/db", "postgres://u:***@h/db"},
           Row{"dbname='host=x password=hunter2'", "***"},
           Row{"dbname=postgres://a:hunter2@b", "***"},
           Row{"password='hunter2 host=db", "***"},
           Row{"hunter2", "***"},
           Row{"app hunter2 = x", "***"},
           Row{"", "***"},
       }) {
    CAPTURE(std::string(row.connection));
    CHECK(config::mask_postgres(row.connection) == row.shown);
  }
}

TEST_CASE("Redis URLs are shown without parts that could be secret") {
  for (const Row& row : {
           Row{"redis://redis:6379/0", "redis://redis:6379/0"},
           Row{"redis://:hunter2@redis:6379", "redis://:***@redis:6379"},
           Row{"redis://app:hunter2@[::1]:6379/2?db=2", "redis://app:***@[::1]:6379/2?db=2"},
           Row{"redis://hunter2@redis", "redis://***@redis"},
           Row{"redis://app:hun@ter2@redis", "redis://app:***@redis"},
           Row{"redis://redis?password=hunter2", "redis://redis?***"},
           Row{"redis://app:hunter2", "***"},
           Row{"unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"},
           Row{"unix://app:hunter2@/run/redis.sock", "unix://app:***@/run/redis.sock"},
           Row{"hunter2", "***"},
           Row{"hunter2://x", "***"},
       }) {
    CAPTURE(std::string(row.connection));
    CHECK(config::mask_redis_url(row.connection) == row.shown);
  }
}
