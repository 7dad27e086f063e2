// SPDX-License-Identifier: Apache-2.0
// The contents of rows are only in entries and last_error, never in the log, on pages or in reports.
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/fake_redis.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <regex>
#include <stdexcept>

using outboxd::test::caracal_database;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_caracal_rows;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::FakePeer;
using outboxd::test::FakeRedis;
using outboxd::test::for_caracal_table;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_caracal_row;
using outboxd::test::insert_row;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

constexpr const char* kMarker = "MARKER-4711";
constexpr const char* kPayload = R"({"note": "MARKER-4711", "plain": "marker4711"})";

/// One of the two tables, and a daemon's arguments for it.
struct Table {
  Database database;
  std::string name;
  std::vector<std::string> arguments;
  bool is_caracal = false;

  void insert(const std::string& id) const {
    if (is_caracal) {
      insert_caracal_row(database, id, "stream", kPayload);
    } else {
      insert_row(database, id, "stream", kPayload);
    }
  }

  /// The body of a trigger before each UPDATE.
  void guard(const std::string& body) const {
    database.exec("CREATE OR REPLACE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body +
                  " RETURN NEW; END $$; DROP TRIGGER IF EXISTS guard ON " + name +
                  "; CREATE TRIGGER guard BEFORE UPDATE ON " + name + " FOR EACH ROW EXECUTE FUNCTION guard()");
  }
};

Table event_outbox() {
  return {contract_database(), "event_outbox", {"--poll-interval", "20ms"}};
}

Table caracal_outbox() {
  return {caracal_database(), "caracal_outbox", for_caracal_table({"--poll-interval", "20ms"}), true};
}

/// A running daemon on the table; all its output so far is searched at each step.
class Watched {
 public:
  Watched(const Table& table, const outboxd::test::Environment& environment) : table_{table} {
    auto arguments = table.arguments;
    arguments.insert(arguments.end(), {"--http-listen", "127.0.0.1:0"});
    outboxd_ = start_outboxd(arguments, environment);
    port_ = http_port(*outboxd_);
  }

  [[nodiscard]] std::string shown() const {
    return outboxd_->err() + outboxd_->out() + http_get(port_, "/readyz").body + http_get(port_, "/metrics").body;
  }

  void wait_for(const std::string& text) const {
    try {
      wait_until([&] { return contains(shown(), text); }, std::chrono::seconds(20), text);
    } catch (const std::exception& error) {
      throw std::runtime_error(error.what() + std::string{"\n"} + shown());
    }
  }

  void check_nothing_is_shown() const {
    // The metric's name is no field's.
    const auto text = std::regex_replace(shown(), std::regex{"outboxd_signing_info"}, "");
    for (const auto* part : {kMarker, "MARKER", "marker4711", "_sig", "Failing row", "CONTEXT"}) {
      CAPTURE(part);
      const auto at = text.find(part);
      CHECK_MESSAGE(at == std::string::npos, text.substr(at > 200 ? at - 200 : 0, 600));
    }
  }

  outboxd::test::Child& outboxd() { return *outboxd_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  const Table& table_;
  std::unique_ptr<outboxd::test::Child> outboxd_;
  std::uint16_t port_ = 0;
};

void refuse_by_constraint(const Table& table, const PrivateRedis& redis) {
  table.database.exec("ALTER TABLE " + table.name + " ADD CONSTRAINT no_second_look CHECK (attempts < 1 OR " +
                      "payload_json->>'note' IS NULL) NOT VALID");
  const Watched daemon(table, outboxd_environment(table.database, redis));
  table.insert("a");
  daemon.wait_for("23514 (check_violation): new row for relation \"" + table.name +
                  "\" violates check constraint \"no_second_look\"");
  daemon.check_nothing_is_shown();
}

void refuse_by_trigger(const Table& table, const PrivateRedis& redis) {
  const Watched daemon(table, outboxd_environment(table.database, redis));
  const std::string payload = "OLD.payload_json::text";
  for (const std::string sqlstate :
       {"P0001", "23514", "22023", "54000", "42501", "MY001", "57014", "0A000", "08006"}) {
    CAPTURE(sqlstate);
    table.guard("RAISE EXCEPTION USING ERRCODE = '" + sqlstate +
                "', MESSAGE = 'no: ' || (OLD.payload_json->>'plain')" + ", DETAIL = " + payload + ", HINT = " +
                payload + ", COLUMN = OLD.payload_json->>'plain'" + ", CONSTRAINT = OLD.payload_json->>'note';");
    table.insert("row-" + sqlstate);
    // libpqxx gives class 08 no SQLSTATE.
    daemon.wait_for(sqlstate == "08006" ? "an error without a SQLSTATE" : sqlstate);
    daemon.check_nothing_is_shown();
  }
  table.guard("RAISE WARNING 'look at %', " + payload + "; PERFORM (OLD.payload_json->>'note')::int;");
  table.insert("cast");
  daemon.wait_for("22P02 (invalid_text_representation): invalid input syntax for type integer: \"***\"");
  daemon.check_nothing_is_shown();
  const auto status = run_outboxd({"status"}, outboxd_environment(table.database, redis));
  CHECK(!contains(status.out + status.err, "MARKER"));
}

void echo_arguments(const Table& table) {
  const PrivateRedis redis({"rename-command XADD CHANGED"});
  const Watched daemon(table, outboxd_environment(table.database, redis));
  table.insert("a");
  daemon.wait_for("ERR unknown command ***");
  daemon.check_nothing_is_shown();
}

/// Refuses each XADD with a text that echoes all its arguments, as some proxies do, and answers probes.
void answer_with_echo(FakePeer& peer) {
  for (;;) {
    const auto command = peer.read(1).front();
    if (command.front() == "PING") {
      peer.send("+PONG\r\n");
    } else if (command.size() == 5) {
      peer.send("-ERR The ID specified in XADD must be greater than 0-0\r\n");
    } else {
      std::string echo = "-ERR this entry is not for us:";
      for (const auto& argument : command) echo += " " + argument;
      peer.send(echo + "\r\n");
    }
  }
}

}  // namespace

TEST_CASE("a constraint that refuses a row is named, without the row's content: event_outbox") {
  const PrivateRedis redis;
  refuse_by_constraint(event_outbox(), redis);
}

TEST_CASE("a constraint that refuses a row is named, without the row's content: caracal_outbox") {
  const PrivateRedis redis;
  refuse_by_constraint(caracal_outbox(), redis);
}

TEST_CASE("of a trigger whose message contains the row, only the SQLSTATE is shown: event_outbox") {
  const PrivateRedis redis;
  refuse_by_trigger(event_outbox(), redis);
}

TEST_CASE("of a trigger whose message contains the row, only the SQLSTATE is shown: caracal_outbox") {
  const PrivateRedis redis;
  refuse_by_trigger(caracal_outbox(), redis);
}

TEST_CASE("the entry that a Redis with XADD renamed echoes is not shown: event_outbox") {
  echo_arguments(event_outbox());
}

TEST_CASE("the entry that a Redis with XADD renamed echoes is not shown: caracal_outbox") {
  echo_arguments(caracal_outbox());
}

TEST_CASE("--once shows no contents of rows that it could not publish") {
  const PrivateRedis redis({"rename-command XADD CHANGED"});
  const auto table = event_outbox();
  table.insert("a");
  const auto ended = run_outboxd({"--once"}, outboxd_environment(table.database, redis));
  CHECK(ended.status != 0);
  CHECK(!contains(ended.out + ended.err, "MARKER"));
  CHECK(!contains(ended.out + ended.err, "_sig"));
  CHECK(contains(ended.err, "ERR unknown command ***"));
}

TEST_CASE("an unknown error that echoes the entry is only in the row's last_error") {
  const auto table = event_outbox();
  FakeRedis proxy(answer_with_echo);
  // A FakeRedis serves one connection at a time.
  Watched daemon(table, with(outboxd_environment(table.database),
                             {{"REDIS_URL", "redis://127.0.0.1:" + std::to_string(proxy.port())},
                              {"OUTBOXD_METRICS_STREAMS_INTERVAL", "0s"}}));
  table.insert("a");
  daemon.wait_for("ERR this entry is ");
  daemon.check_nothing_is_shown();
  wait_until([&] { return count_rows(table.database, "last_error LIKE '%MARKER-4711%'") == 1; });
}

TEST_CASE("last_error keeps texts in any language, as far as the database's encoding has the characters") {
  for (const std::string encoding : {"utf8", "sql_ascii", "latin1"}) {
    CAPTURE(encoding);
    const auto name = "encoding_" + encoding;
    const auto admin = contract_database().connect();
    pqxx::nontransaction session{*admin};
    outboxd::postgres::exec(session,
                            "CREATE DATABASE " + name + " ENCODING '" + encoding + "' LOCALE 'C' TEMPLATE template0");
    const Database database{name, outboxd::test::shared_postgres().url(name),
                            outboxd::test::shared_postgres().conninfo(name)};
    outboxd::test::create_contract_table(database);
    FakeRedis proxy([](FakePeer& peer) {
      for (;;) {
        const auto command = peer.read(1).front();
        peer.send(command.size() < 6 ? "-ERR The ID specified in XADD must be greater than 0-0\r\n"
                                     : "-WRONGTYPE größe 漢字 \xff\r\n");
      }
    });
    const auto outboxd = start_outboxd(
        {"--poll-interval", "20ms"},
        with(outboxd_environment(database), {{"REDIS_URL", "redis://127.0.0.1:" + std::to_string(proxy.port())}}));
    insert_row(database, "a", "stream", "{}");
    wait_until([&] { return count_rows(database, "last_error IS NOT NULL") == 1; });
    const auto stored = database.scalar("SELECT last_error FROM event_outbox");
    if (encoding == "latin1") {
      CHECK(stored == "Redis refuses: WRONGTYPE gr??e ?? ?");
    } else {
      CHECK(stored == "Redis refuses: WRONGTYPE größe 漢字 ?");
    }
  }
}
