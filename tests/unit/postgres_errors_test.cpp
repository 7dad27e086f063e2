// SPDX-License-Identifier: Apache-2.0
#include "postgres/conninfo.hpp"
#include "postgres/error_text.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/server_text.hpp"
#include "postgres/sqlstate.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <tuple>

namespace outboxd::postgres {

using namespace std::chrono_literals;

TEST_CASE("a SQLSTATE says whether another connection may do where this one doesn't") {
  struct Case {
    const char* sqlstate;
    bool reconnect;
  };
  constexpr bool kReconnect = true;
  constexpr bool kKeep = false;
  constexpr std::array kCases{
      Case{"", kReconnect},       // the connection was lost
      Case{"08006", kReconnect},  // connection failure
      Case{"08P01", kReconnect},  // protocol violation, as some poolers call their own errors
      Case{"0A000", kReconnect},  // the table was changed under a cached plan
      Case{"25006", kReconnect},  // read only: after a failover the primary is elsewhere
      Case{"25P02", kReconnect},  // in a failed transaction, which none of ours can be
      Case{"25P03", kReconnect},  // idle in transaction for too long
      Case{"28P01", kReconnect},  // invalid password
      Case{"3D000", kReconnect},  // no such database
      Case{"53300", kReconnect},  // too many connections
      Case{"57P01", kReconnect},  // admin shutdown
      Case{"57P02", kReconnect},  // crash shutdown
      Case{"57P03", kReconnect},  // cannot connect now
      Case{"57P05", kReconnect},  // idle session time-out
      Case{"58030", kReconnect},  // input or output error
      Case{"40001", kKeep},       // serialization failure
      Case{"40P01", kKeep},       // deadlock
      Case{"42501", kKeep},       // missing right
      Case{"42P01", kKeep},       // missing table
      Case{"42703", kKeep},       // missing column
      Case{"53100", kKeep},       // disk full
      Case{"53200", kKeep},       // out of memory
      Case{"55006", kKeep},       // object in use
      Case{"57014", kKeep},       // statement time-out
      Case{"XX000", kReconnect},  // internal error
      Case{"XX001", kReconnect},  // data corrupted
      Case{"22P05", kKeep},       // a character that UTF-8 doesn't have
      Case{"23505", kKeep},       // a constraint of the table's
      Case{"38000", kKeep},       // raised by a function in another language
      Case{"54000", kKeep},       // over a limit of Postgres'
      Case{"55P03", kKeep},       // locked by another session
      Case{"P0001", kKeep},       // raised by a trigger
      Case{"MY001", kKeep},       // raised by a trigger, with a code of its own
  };
  for (const auto& [sqlstate, reconnect] : kCases) {
    CAPTURE(sqlstate);
    CHECK(meaning_of_sqlstate(sqlstate).reconnect == reconnect);
  }
}

TEST_CASE("a refused login is told from a server that is away") {
  CHECK(is_login_refusal("28P01", "any language"));
  CHECK(is_login_refusal("", R"(connection failed: FATAL:  password authentication failed for user "u")"));
  CHECK(is_login_refusal("", R"(FATAL:  role "u" does not exist)"));
  CHECK(is_login_refusal("", R"(FATAL:  no pg_hba.conf entry for host "h", user "u", database "d", no encryption)"));
  CHECK(is_login_refusal("", "FATAL:  SASL authentication failed"));
  CHECK_FALSE(is_login_refusal("", "connection to server at \"h\" failed: Connection refused"));
  CHECK_FALSE(is_login_refusal("", R"(FATAL:  database "d" does not exist)"));
  CHECK_FALSE(is_login_refusal("57P03", R"(role "u" does not exist)"));
}

TEST_CASE("a connection string gets missing parameters, and keeps its own") {
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

TEST_CASE("the hosts of a connection string take turns, each with its port") {
  const auto turned = [](const std::string& text, std::size_t turns) {
    return rotate_hosts(complete_conninfo(text, 5s, 30s), turns);
  };
  const std::string three = "postgresql://u:p%40ss@h1:1,h2:2,h3:3/db";
  for (const auto& [turns, hosts, ports] :
       {std::tuple{0U, "host='h1,h2,h3'", "port='1,2,3'"}, std::tuple{1U, "host='h2,h3,h1'", "port='2,3,1'"},
        std::tuple{5U, "host='h3,h1,h2'", "port='3,1,2'"}}) {
    CAPTURE(turns);
    const auto text = turned(three, turns);
    CHECK(text.find(hosts) != std::string::npos);
    CHECK(text.find(ports) != std::string::npos);
    CHECK(text.find("password='p@ss'") != std::string::npos);
  }
  CHECK(turned("host=h1,h2 port=5433", 1).find("port='5433'") != std::string::npos);
  CHECK(turned("host=h1,h2 port=5433", 1).find("host='h2,h1'") != std::string::npos);
  CHECK(turned("hostaddr=127.0.0.1,127.0.0.2", 1).find("hostaddr='127.0.0.2,127.0.0.1'") != std::string::npos);
  const auto one = complete_conninfo("host=h port=1", 5s, 30s);
  CHECK(rotate_hosts(one, 1) == one);
}

TEST_CASE("an error in Postgres' own words, for the row's last_error") {
  CHECK(whole_message("ERROR:  no such thing\nLINE 1: SELECT\nHINT:  make one\n") == "no such thing (make one)");
  CHECK(
      whole_message("connection to server at \"h1\" failed: refused\n\tIs it running?\n"
                    "connection to server at \"h2\" failed: session is read-only\n") ==
      "connection to server at \"h1\" failed: refused; connection to server at \"h2\" failed: session is read-only");
  CHECK(whole_message("Failure during 'outboxd_claim_0': ERROR:  not this row\nCONTEXT:  a trigger\n") ==
        "not this row");
  CHECK(whole_message("Could not obtain client encoding: not connected.") == "the connection was lost");
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

TEST_CASE("an error becomes a text that its database can hold") {
  CHECK(sanitize_last_error("plain", true) == "plain");
  CHECK(sanitize_last_error("größe 漢字", true) == "größe 漢字");
  CHECK(sanitize_last_error("größe", false) == "gr??e");
  const std::string dirty{"a\nb\0c\xff\xc3\xa4\x7f\xc2\x9b", 11};
  CHECK(sanitize_last_error(dirty, true) == "a?b?c?ä??");
  CHECK(sanitize_last_error("\u202eevil", true) == "?evil");
  CHECK(sanitize_last_error(std::string(5000, 'x'), true).size() == 1003);
  // Between two characters.
  CHECK(sanitize_last_error(std::string(999, 'x') + "ä", true) == std::string(999, 'x') + "...");
}

}  // namespace outboxd::postgres
