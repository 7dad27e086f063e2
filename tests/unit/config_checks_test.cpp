// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_url.hpp"

#include <doctest/doctest.h>

#include <string>

namespace config = outboxd::config;

TEST_CASE("a Postgres URL in which a password could be taken for a host is refused, and not shown") {
  for (const std::string url :
       {"postgresql://u:s3c@re,t@db/app", "postgres://u:s3c/ret@db/app", "postgresql://u:s3c?ret@db/app",
        "postgresql://u:5432#s3cret@db/app", "postgresql://u#s3cret@db/app", "postgresql://u:s3c@db#ret/app"}) {
    CAPTURE(url);
    const auto problem = config::check_postgres_url(url);
    CHECK(problem.find("%40") != std::string::npos);
    CHECK(problem.find("s3c") == std::string::npos);
    CHECK(problem.find("ret") == std::string::npos);
  }
  CHECK(config::check_postgres_url(std::string{}) == "is empty");
  for (const std::string url :
       {"postgresql://u:s3c%40ret@db/app", "postgresql:///app?host=/run/postgresql", "postgresql://db1,db2:5433/app",
        "host=db password='s3c@r@t/?'", "postgresql://u:s3c#ret@db/app",
        "postgresql://u@[::1]:5432/app?options=-c%20geqo%3Doff"}) {
    CAPTURE(url);
    CHECK(config::check_postgres_url(url).empty());
  }
}
