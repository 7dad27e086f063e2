// SPDX-License-Identifier: Apache-2.0
// Secrets that are common words, and other secrets.
#include "telemetry/redaction.hpp"
#include "telemetry/secret_places.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace log_ns = outboxd::telemetry::log;

TEST_CASE("redaction: words, numbers and the very short are common; all else is distinct") {
  for (const std::string common :
       {"info", "Info", "INFO", "postgres", "redis", "password", "outboxd", "dispatcher", "postgres1", "redis123",
        "hunter2", "Winter2024", "5432", "100000", "0", "x", "abc", "a-b!c", "unavailable"}) {
    CHECK_MESSAGE(log_ns::is_common(common), common);
  }
  for (const std::string distinct :
       {"hunter2-secret", "qwrtzpsd", "xQzvBnMk", "iNfoInfo", "s3cr3t", "a1b2c3d4", "postgres!", "let-me-in",
        "größen", "correcthorsebatterystaple", "1234567890123456", "postgres12345",
        "d41d8cd98f00b204e9800998ecf8427e", "info info"}) {
    CHECK_MESSAGE(!log_ns::is_common(distinct), distinct);
  }
}

TEST_CASE("redaction: a common word is masked where a secret stands, and stays where a word does") {
  for (const std::string word : {"info", "postgres", "redis", "secret"}) log_ns::redact(word);
  const std::vector<std::pair<std::string, std::string>> cases{
      // The log stays readable.
      {"outbox: Redis is unavailable, redis answers nothing", "outbox: Redis is unavailable, redis answers nothing"},
      {"profile api, table postgres, level info", "profile api, table postgres, level info"},
      {"FATAL: database \"postgres\" does not exist", "FATAL: database \"postgres\" does not exist"},
      {"role \"postgres\" has no rights", "role \"postgres\" has no rights"},
      {"postgresql://postgres@db/postgres", "postgresql://postgres@db/postgres"},
      {"redis://cache:6379/0", "redis://cache:6379/0"},
      {"host=redis user=postgres dbname=info", "host=redis user=postgres dbname=info"},
      {"information, redistribution, postgresql", "information, redistribution, postgresql"},
      // Secrets in their places.
      {"postgres://app:postgres@db/x", "postgres://app:***@db/x"},
      {"redis://:redis@cache and redis://u:info@cache", "redis://:***@cache and redis://u:***@cache"},
      {"redis://secret@cache", "redis://***@cache"},
      {"host=db password=postgres user=postgres", "host=db password=*** user=postgres"},
      {"password='info' sslpassword = 'redis'", "password='***' sslpassword = '***'"},
      {R"({"password":"info","level":"info"})", R"({"password":"***","level":"info"})"},
      {"REDIS_PASSWORD=redis METRICS_BEARER: info", "REDIS_PASSWORD=*** METRICS_BEARER: ***"},
      {"AUTH redis", "AUTH ***"},
      {"auth default redis", "auth default ***"},
      {"HELLO 3 AUTH default info", "HELLO 3 AUTH default ***"},
      {R"("AUTH" "redis")", R"("AUTH" "***")"},
      {"unknown command 'AUTH', with args beginning with: 'default' 'info' ",
       "unknown command 'AUTH', with args beginning with: 'default' '***' "},
      {"Authorization: Bearer info", "Authorization: Bearer ***"},
      {"CONFIG SET requirepass secret", "CONFIG SET requirepass ***"},
      {"wrong password \"postgres\"", "wrong password \"***\""},
  };
  for (const auto& [text, masked] : cases) CHECK(log_ns::redacted(text) == masked);
}

TEST_CASE("redaction: a secret that is no common word is masked everywhere, within other words too") {
  for (const std::string secret : {"x7!kQ9", "5f4dcc3b5aa765d61d8327deb882cf99", "Tr0ub4dor&3", "let-me-in-please"}) {
    log_ns::redact(secret);
    for (const std::string text : {"at # end", "a#b", "#", "role \"#\"", "[#]", "## twice", "user=# host=#"}) {
      auto with_secret = text;
      for (auto at = with_secret.find('#'); at != std::string::npos; at = with_secret.find('#', at + secret.size())) {
        with_secret.replace(at, 1, secret);
      }
      CHECK(log_ns::redacted(with_secret).find(secret) == std::string::npos);
    }
  }
}

TEST_CASE(
    "redaction: a text that is not secret elsewhere stays readable there, unless another registration makes it "
    "secret") {
  const std::vector<std::string> harmless{"billing-db", "caracal.audit.events"};
  log_ns::redact("billing-db", harmless);
  CHECK(log_ns::redacted("database billing-db, password=billing-db") == "database billing-db, password=***");
  log_ns::redact("billing-db");
  CHECK(log_ns::redacted("database billing-db") == "database ***");
  log_ns::redact("billing-db", harmless);
  CHECK(log_ns::redacted("database billing-db") == "database ***");
}
