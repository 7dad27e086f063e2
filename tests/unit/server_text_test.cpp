// SPDX-License-Identifier: Apache-2.0
// Which parts of a server's messages may be shown in logs and on /readyz.
#include "outbox/server_text.hpp"

#include "outbox/utf8.hpp"
#include "postgres/server_text.hpp"
#include "redis/error_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

using outboxd::postgres::shown_message;
using outboxd::redis::ErrorTexts;

namespace utf8 = outboxd::utf8;
namespace server_text = outboxd::server_text;

namespace {

constexpr const char* kHidden = "in words that may hold contents of rows; the server's log has them";

std::string shown(std::string_view sqlstate, std::string_view what) {
  return shown_message(sqlstate, what, "claiming from \"public\".\"event_outbox\"");
}

}  // namespace

TEST_CASE("server text: known messages of Postgres are shown, with the quoted parts masked") {
  struct Case {
    const char* sqlstate;
    const char* what;
    const char* shown;
  };
  constexpr std::array kCases{
      Case{"23514",
           "ERROR:  new row for relation \"event_outbox\" violates check constraint \"small\"\n"
           "DETAIL:  Failing row contains (1, stream, {\"card\": \"MARKER\"}).\n",
           "23514 (check_violation): new row for relation \"event_outbox\" violates check constraint \"small\""},
      Case{"23505",
           "ERROR:  duplicate key value violates unique constraint \"k\"\nDETAIL:  Key (id)=(MARKER) exists.",
           "23505 (unique_violation): duplicate key value violates unique constraint \"k\""},
      Case{"22P02", "ERROR:  invalid input syntax for type json: \"MARKER: \"x\" \"\nLINE 1: MARKER",
           "22P02 (invalid_text_representation): invalid input syntax for type json: \"***\""},
      Case{"22001", "ERROR:  value too long for type character varying(5)",
           "22001 (string_data_right_truncation): value too long for type character varying(5)"},
      Case{"22003", "ERROR:  value \"MARKER\" is out of range for type integer",
           "22003 (numeric_value_out_of_range): value \"***\" is out of range for type integer"},
      Case{"42501", "ERROR:  permission denied for table event_outbox",
           "42501 (insufficient_privilege): permission denied for table event_outbox"},
      Case{"42501", "ERROR:  permission denied for table MARKER",
           "42501 (insufficient_privilege): permission denied for table ***"},
      Case{"42P01", "ERROR:  relation \"event_outbox\" does not exist",
           "42P01 (undefined_table): relation \"event_outbox\" does not exist"},
      // A trigger that makes a table's name from a payload.
      Case{"42P01", "ERROR:  relation \"audit_MARKER\" does not exist",
           "42P01 (undefined_table): relation \"***\" does not exist"},
      // A quoted text that is no name.
      Case{"23514", "ERROR:  new row for relation \"a\" violates check constraint \"b MARKER c\"",
           "23514 (check_violation): new row for relation \"a\" violates check constraint \"***\""},
      Case{"57P01", "FATAL:  terminating connection due to administrator command\nSSL connection closed",
           "57P01 (admin_shutdown): terminating connection due to administrator command"},
      Case{"40P01", "Failure during 'outboxd_claim_1': ERROR:  deadlock detected\nDETAIL:  Process 1 waits",
           "40P01 (deadlock_detected): deadlock detected"},
      Case{"53100", "ERROR:  could not extend file \"base/1/2\": No space left on device\nHINT:  Check free space.",
           "53100 (disk_full): could not extend file \"***\": No space left on device"},
      // In other languages only the SQLSTATE is shown.
      Case{"23514", "FEHLER:  neue Zeile für Relation »a« verletzt Check-Constraint »b«",
           "23514 (check_violation): in words that may hold contents of rows; the server's log has them"},
  };
  for (const auto& [sqlstate, what, expected] : kCases) CHECK(shown(sqlstate, what) == expected);
}

TEST_CASE("server text: messages that may be a trigger's are not shown, with any SQLSTATE") {
  for (const auto* sqlstate : {"P0001", "23514", "22023", "42601", "54000", "XX000", "40001", "57014", "MY001"}) {
    for (const auto* what :
         {"ERROR:  not this one: MARKER", "ERROR:  MARKER\nCONTEXT:  PL/pgSQL function f() line 1 at RAISE",
          "ERROR:  {\"card\": \"MARKER\"}", "ERROR:  a\nconnection to server at MARKER",
          "ERROR:  connection to server at MARKER failed: MARKER", "HATA:  MARKER", "MARKER", ""}) {
      CAPTURE(sqlstate);
      CAPTURE(what);
      const auto text = shown(sqlstate, what);
      CHECK(text.find("MARKER") == std::string::npos);
      CHECK(text.starts_with(sqlstate));
      CHECK(text.ends_with(kHidden));
    }
  }
  CHECK(shown("P0001", "ERROR:  x") == std::string{"P0001 (raise_exception): "} + kHidden);
  CHECK(shown("MY001", "ERROR:  x") == std::string{"MY001: "} + kHidden);
  // A trigger's error of class 08 arrives without its SQLSTATE.
  CHECK(shown("", "ERROR:  MARKER\nconnection to server at MARKER") ==
        std::string{"an error without a SQLSTATE: "} + kHidden);
  CHECK(shown("", "MARKER") == std::string{"an error without a SQLSTATE: "} + kHidden);
}

TEST_CASE("server text: the reason why a connection fails is shown, for each host") {
  CHECK(shown("",
              "connection to server at \"h1\" (::1), port 1 failed: Connection refused\n\tIs it running?\n"
              "connection to server at \"h2\", port 2 failed: FATAL:  password authentication failed for user "
              "\"u\"\n") ==
        "connection to server at \"h1\" (::1), port 1 failed: Connection refused; connection to server at \"h2\", "
        "port 2 failed: password authentication failed for user \"u\"");
  CHECK(shown("", "connection to server at \"h\", port 1 failed: FATAL:  MARKER") ==
        std::string{"connection to server at \"h\", port 1 failed: "} + kHidden);
  CHECK(shown("", "server closed the connection unexpectedly\n\tThis probably means") ==
        "server closed the connection unexpectedly");
  CHECK(shown("", "Could not obtain client encoding: not connected.") == "the connection was lost");
  CHECK(shown("", "could not translate host name \"" + std::string(5'000, 'x')).size() < 400);
}

TEST_CASE("server text: known messages of Redis are shown, without echoed arguments") {
  const std::string sent =
      "*9\r\n$4\r\nXADD\r\n$6\r\nstream\r\n$6\r\nMAXLEN\r\n$9\r\noutbox_id\r\n$3\r\no-1\r\n$4\r\nnote\r\n"
      "$15\r\nhello Secret 42\r\n$4\r\n_sig\r\n$8\r\ndeadbeef\r\n";
  ErrorTexts texts{sent};
  struct Case {
    const char* error;
    const char* shown;
  };
  constexpr std::array kCases{
      Case{"WRONGTYPE Operation against a key holding the wrong kind of value",
           "WRONGTYPE Operation against a key holding the wrong kind of value"},
      Case{"ERR unknown command 'XADD', with args beginning with: 'stream' 'MAXLEN' 'Secret' 'deadbeef'",
           "ERR unknown command ***"},
      Case{"ERR unknown command `XADD`, with args beginning with: `stream`, `Secret`, ", "ERR unknown command ***"},
      Case{"READONLY You can't write against a read only replica.",
           "READONLY You can't write against a read only replica."},
      Case{"MOVED 3999 127.0.0.1:6381", "MOVED 3999 127.0.0.1:6381"},
      Case{"upstream failure", "upstream failure"},
      // Of unknown messages, words that are not part of the commands are shown.
      Case{"ERR account suspended, can't write: pay at once", "ERR account suspended, can't write: pay at once"},
      Case{"ERR bad value Secret of note", "ERR bad value *** of ***"},
      Case{"ERR BAD VALUE SECRET", "ERR BAD VALUE ***"},
      Case{"ERR refused \"hello Secret 42\" here", "ERR refused *** here"},
      Case{"ERR cut off: Secr", "ERR cut off: ***"},
      Case{"ERR number 42", "ERR number ***"},
  };
  for (const auto& [error, expected] : kCases) {
    ErrorTexts fresh{sent};
    CHECK(fresh.shown(error) == expected);
  }
  // The search through the sent commands is bounded.
  for (int i = 0; i < 8; ++i) CHECK(texts.shown("ERR quite new " + std::to_string(i)).starts_with("ERR quite new "));
  CHECK(texts.shown("ERR quite new again") == "ERR ***");
  CHECK(texts.shown("quite new again") == "***");
  CHECK(texts.shown("NOAUTH Authentication required.") == "NOAUTH Authentication required.");
  const std::string much(20UL << 20U, 'x');
  ErrorTexts beside_much{much};
  CHECK(beside_much.shown("ERR these are rather more words than it can bear") == "ERR ***");
  CHECK(beside_much.shown("ERR quite new") == "ERR quite new");
  CHECK(beside_much.shown("ERR quite old") == "ERR quite old");
  CHECK(beside_much.shown("ERR quite odd") == "ERR ***");
  CHECK(ErrorTexts{""}.shown("ERR " + std::string(300'000, 'x')).size() < 400);
}

TEST_CASE("server text: patterns match whole texts, and each placeholder only its kind of text") {
  constexpr std::array<std::string_view, 3> kPatterns{"a \"@\" b # c", "type ~", "any * end"};
  const auto shown_as = [&](std::string_view text) {
    return server_text::shown_as_known(text, kPatterns, "own word");
  };
  CHECK(shown_as("a \"x_1\" b 12 c") == "a \"x_1\" b 12 c");
  CHECK(shown_as("a \"x y\" b z c") == "a \"***\" b *** c");
  CHECK(shown_as("a \"" + std::string(64, 'x') + "\" b 1 c") == "a \"***\" b 1 c");
  CHECK(shown_as("type timestamp(3) with time zone") == "type timestamp(3) with time zone");
  CHECK(shown_as("type 'x'") == "type ***");
  CHECK(shown_as("any word end") == "any word end");
  CHECK(shown_as("any wor end") == "any *** end");
  CHECK(shown_as("any end end") == "any *** end");
  CHECK(!shown_as("any word end."));
  CHECK(!shown_as("many word end"));
  CHECK(!shown_as("any end"));
  CHECK(!shown_as(""));
}

TEST_CASE("utf8: texts are shortened between characters") {
  CHECK(utf8::shortened("größe", 5) == "grö...");
  CHECK(utf8::shortened("größe", 6) == "größ...");
  CHECK(utf8::shortened("größe", 7) == "größe");
  CHECK(utf8::shortened("größe", 4) == "grö...");
  CHECK(utf8::shortened("größe", 3) == "gr...");
  CHECK(utf8::beginning("\x80\x80\x80\x80\x80\x80", 5).size() == 5);
  CHECK(utf8::is_valid("größe 漢字 🙂"));
  CHECK(!utf8::is_valid("a\xff"));
  CHECK(!utf8::is_valid("\xe6\xbc"));
  CHECK(utf8::is_valid(""));
}
