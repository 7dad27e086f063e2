// SPDX-License-Identifier: Apache-2.0
#include "postgres/conninfo.hpp"
#include "postgres/error_text.hpp"
#include "postgres/sqlstate.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>

namespace outboxd::postgres {

using namespace std::chrono_literals;

TEST_CASE("a SQLSTATE says whether the session is of any more use") {
  struct Case {
    const char* sqlstate;
    bool reconnect;
  };
  constexpr std::array kCases{
      Case{"", true},        // the connection was lost
      Case{"08006", true},   // connection failure
      Case{"57P01", true},   // admin shutdown
      Case{"57P03", true},   // cannot connect now
      Case{"25006", true},   // read only: after a failover the primary is elsewhere
      Case{"28P01", true},   // invalid password
      Case{"53300", true},   // too many connections
      Case{"XX000", true},   // internal error
      Case{"57014", false},  // statement time-out
      Case{"40001", false},  // serialization failure
      Case{"40P01", false},  // deadlock
      Case{"55P03", false},  // lock not available
      Case{"42501", false},  // missing right
      Case{"42P01", false},  // missing table
      Case{"53100", false},  // disk full
      Case{"23505", false},  // a trigger or constraint of the table's
      Case{"P0001", false},  // raised by a trigger
  };
  for (const auto& [sqlstate, reconnect] : kCases) {
    CAPTURE(sqlstate);
    CHECK(meaning_of_sqlstate(sqlstate).reconnect == reconnect);
  }
}

TEST_CASE("a connection string gets what it leaves out, and keeps what it says") {
  const auto completed = complete_conninfo("postgresql://u:p%40ss@h1,h2:5433/db?connect_timeout=9", 5s, 30s);
  for (const auto* part :
       {"host='h1,h2'", "port=',5433'", "user='u'", "password='p@ss'", "dbname='db'", "connect_timeout='9'",
        "application_name='outboxd'", "client_encoding='UTF8'", "tcp_user_timeout='30000'"}) {
    CAPTURE(part);
    CHECK(completed.find(part) != std::string::npos);
  }
  CHECK(complete_conninfo("password='a\\'b\\\\c'", 1ms, 1s).find("password='a\\'b\\\\c'") != std::string::npos);
  CHECK(complete_conninfo("host=h", 1ms, 1s).find("connect_timeout='2'") != std::string::npos);
}

TEST_CASE("an unreadable connection string is refused without being shown") {
  try {
    static_cast<void>(complete_conninfo("host=h hunter2 more", 5s, 30s));
    FAIL("it was taken");
  } catch (const std::invalid_argument& error) {
    CHECK(std::string{error.what()}.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("passwords in a connection string are found") {
  CHECK(secrets_of_conninfo("postgresql://u:p%40ss@h/db") == std::vector<std::string>{"p@ss"});
  CHECK(secrets_of_conninfo("host=h").empty());
}

TEST_CASE("an error becomes a text that every database can hold") {
  CHECK(storable_error("plain") == "plain");
  CHECK(storable_error(std::string{"a\nb\0c\xff\xc3\xa4", 8}) == "a?b?c???");
  CHECK(storable_error(std::string(5000, 'x')).size() == 1003);
}

}  // namespace outboxd::postgres
