// SPDX-License-Identifier: Apache-2.0
// `outboxd dead` on real tables: which rows it sees, what it changes, and what it leaves alone.
#include "support/caracal_table.hpp"
#include "support/fault_proxy.hpp"
#include "support/published.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// Runs `outboxd dead` with these words.
Finished dead(const Database& database, std::vector<std::string> words, const Environment& changes = {}) {
  words.insert(words.begin(), "dead");
  return run_outboxd(words, with(outboxd_environment(database), changes));
}

void check_done(const Finished& finished, int status = 0) {
  CHECK_MESSAGE(finished.status == status, finished.out, finished.err);
}

/// Dead rows of event_outbox; `error` may use the row's number n.
void insert_dead(const Database& database, const std::string& prefix, const std::string& stream, int count,
                 const std::string& error) {
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, last_error, locked_by)"
      " SELECT " +
      literal(prefix) + " || lpad(n::text, 6, '0'), " + literal(stream) +
      ", jsonb_build_object('n', n), 100, 'infinity', " + error + ", 'old' FROM generate_series(1, " +
      std::to_string(count) + ") AS n");
}

std::int64_t count_dead(const Database& database) {
  return count_rows(database, "dispatched_at IS NULL AND available_at = 'infinity'");
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream input{file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(input, line);) lines.push_back(line);
  return lines;
}

/// A role of the database with these rights, and the environment with which a command connects as it.
Environment as_role(const Database& database, const std::string& name, const std::string& rights) {
  const auto role = name + "_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT " + rights + " ON event_outbox TO " + role);
  return {{"DATABASE_URL", shared_postgres().url(database.name, role)}};
}

}  // namespace

TEST_CASE("dead list groups by stream and kind of error; --error means the same kinds; nothing is changed") {
  const auto database = contract_database();
  insert_dead(database, "a", "s-one", 5, "'payload is ' || 17000000 + n || ' bytes, row a-' || n || ' 0x0f' || n");
  insert_dead(database, "b", "s-one", 2, "'WRONGTYPE Operation'");
  insert_dead(database, "c", "s-two", 1, "NULL");
  insert_rows(database, "living", "s-one", 3);
  database.exec("UPDATE event_outbox SET created_at = now() - interval '3 days' WHERE id LIKE 'b%'");
  const auto before = database.rows("SELECT xmin, * FROM event_outbox ORDER BY id");
  const auto json = dead(database, {"list", "--json"});
  check_done(json);
  CHECK(contains(json.out, R"("dead":8,"kinds":3,"time_column":"created_at","groups":[{"stream":"s-one",)"
                           R"("error":"payload is # bytes, row # #","rows":5,)"));
  CHECK(contains(json.out, R"({"stream":"s-two","error":null,"rows":1,)"));
  const auto rows_of = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"list", "--json"});
    const auto out = dead(database, words).out;
    const auto at = out.find(R"("dead":)");
    return at == std::string::npos ? out : out.substr(at + 7, out.find(',', at) - at - 7);
  };
  CHECK(rows_of({"--error", "payload is 12 bytes"}) == "5");
  CHECK(rows_of({"--error", "payload is # bytes"}) == "5");
  CHECK(rows_of({"--error", "bytes, row a-000009"}) == "5");
  CHECK(rows_of({"--error", "payload is not"}) == "0");
  CHECK(rows_of({"--stream", "s-one", "--error", "WRONGTYPE"}) == "2");
  CHECK(rows_of({"--stream", "s-one", "--stream", "s-two"}) == "8");
  CHECK(rows_of({"--older-than", "2d"}) == "2");
  CHECK(rows_of({"--newer-than", "2d"}) == "6");
  CHECK(rows_of({"--id", "a000003", "--id", "living000001"}) == "1");
  // Those of the dispatcher's streams, as in status.
  CHECK(rows_of({"--streams", "s-two"}) == "1");
  const auto text = dead(database, {"list"});
  CHECK(contains(text.out,
                 "outbox: 8 dead rows in \"public\".\"event_outbox\"; OLDEST and NEWEST are of the column "
                 "created_at\n"));
  CHECK(contains(text.out, "s-one   payload is # bytes, row # #\n      example: a000001\n"));
  CHECK(database.rows("SELECT xmin, * FROM event_outbox ORDER BY id") == before);
}

TEST_CASE(
    "dead requeue: running daemons publish what was asked for, in small paced batches, and nothing else moves") {
  const auto database = contract_database();
  const auto stream = new_stream("dead");
  insert_dead(database, "a", stream, 1'200, "'refused ' || n");
  insert_dead(database, "b", stream, 3, "'other'");
  database.exec("UPDATE event_outbox SET payload_json = '[]' WHERE id IN ('a000007', 'a001100')");
  const auto environment = outboxd_environment(database);
  const auto daemon = start_outboxd({"--poll-interval", "20ms"}, environment);
  const auto dry = dead(database, {"requeue", "--error", "refused 1", "--dry-run"});
  check_done(dry);
  CHECK(dry.out == "1200 rows of \"public\".\"event_outbox\" would be requeued\n");
  CHECK(count_dead(database) == 1'203);
  const auto done =
      dead(database, {"requeue", "--error", "refused 1", "--rate", "4000/s", "--wait", "--yes", "--reason", "fixed"});
  // Two of them can never be published.
  check_done(done, 1);
  CHECK(contains(done.out, "1200 of 1200 rows of \"public\".\"event_outbox\" requeued\n"));
  CHECK(contains(done.out,
                 "of the requeued rows: 1198 published, 2 dead again, 0 failed again and waiting for a retry,"
                 " 0 still on their way\n"));
  CHECK(contains(done.err, "dead requeue by "));
  CHECK(contains(done.err,
                 ": 1200 of 1200 dead rows of \"public\".\"event_outbox\", dispatcher outbox, --error "
                 "'refused 1', reason: fixed\n"));
  CHECK(published(shared_redis().probe(), stream).each_once(1'198));
  CHECK(count_rows(database, "id LIKE 'b%' AND attempts = 100 AND last_error = 'other'") == 3);
  // From the first attempt on again.
  CHECK(count_rows(database, "id = 'a000007' AND attempts = 1") == 1);
}

TEST_CASE("dead requeue gives a row all its attempts, and keeps its error until it is published") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 2, "'refused'");
  database.exec("UPDATE event_outbox SET locked_until = now() + interval '1 hour' WHERE id = 'a000001'");
  const auto done = dead(database, {"requeue", "--id", "a000001", "--yes", "--json", "--wait", "--timeout", "0s"});
  check_done(done, 1);
  CHECK(contains(done.err, "1 of the requeued rows are still on their way: no daemon "));
  CHECK(
      contains(done.out, R"("action":"requeue","dry_run":false,"matched":1,"changed":1,"unchanged":0,"refused":0,)"));
  CHECK(contains(done.out, R"("published":0,"dead_again":0,"retrying":0,"waiting":1,"gone":0})"));
  CHECK(database.rows("SELECT attempts, available_at <= now(), locked_until, last_error FROM event_outbox WHERE id = "
                      "'a000001'") == Rows{{"0", "t", "NULL", "refused"}});
  CHECK(count_dead(database) == 1);
}

TEST_CASE("dead requeue and discard: refused, locked and silently kept rows stop no other, and are reported") {
  for (const std::string action : {"requeue", "discard"}) {
    CAPTURE(action);
    const auto database = contract_database();
    insert_dead(database, "a", "s", 40, "'refused'");
    // One whose id no statement can name.
    insert_dead(database, std::string(5'000, 'x'), "s", 1, "'refused'");
    database.exec(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.id = 'a000010' THEN RAISE 'secret words of %', OLD.id USING ERRCODE = '25006'; END IF;"
        " IF OLD.id = 'a000020' THEN RETURN NULL; END IF;"
        " RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$;"
        "CREATE TRIGGER hold BEFORE UPDATE OR DELETE ON event_outbox FOR EACH ROW EXECUTE FUNCTION hold()");
    const auto other = database.connect();
    pqxx::work lock{*other};
    lock.exec("SELECT FROM event_outbox WHERE id = 'a000030' FOR UPDATE");
    const TempDir folder;
    const auto file = folder.path() / "rows.jsonl";
    std::vector<std::string> words{action, "--all", "--yes", "--reason", "why"};
    if (action == "discard") words.insert(words.end(), {"--export", file.string()});
    const auto done = dead(database, words);
    check_done(done, 3);
    CHECK(contains(done.out, "37 of 41 rows"));
    CHECK(contains(done.out, "2 rows not changed: locked by another transaction"));
    CHECK(contains(done.out, "1 row not changed, as Postgres refuses the change (a000010: 25006"));
    CHECK(contains(done.out, "1 row not changed, as the id is longer than 4096 bytes"));
    CHECK_FALSE(contains(done.out + done.err, "secret words"));
    CHECK(count_dead(database) == 4);
    // The file has the rows that are gone, and no others.
    if (action == "discard") CHECK(lines_of(file).size() == 37);
  }
}

TEST_CASE("dead requeue and discard change no row outside the filter that has the id of one within it") {
  for (const auto& [action, rights] : {std::pair{"requeue", "SELECT, UPDATE"}, std::pair{"discard", "SELECT, UPDATE"},
                                       std::pair{"discard", "SELECT, UPDATE, DELETE"}}) {
    CAPTURE(action);
    CAPTURE(rights);
    const auto database = contract_database();
    database.exec(
        "ALTER TABLE event_outbox RENAME TO plain; CREATE TABLE event_outbox (LIKE plain INCLUDING DEFAULTS)"
        " PARTITION BY LIST (stream_name); CREATE TABLE one PARTITION OF event_outbox FOR VALUES IN ('s-one');"
        " CREATE TABLE two PARTITION OF event_outbox FOR VALUES IN ('s-two')");
    insert_dead(database, "a", "s-one", 3, "'refused'");
    insert_dead(database, "a", "s-two", 3, "'refused'");
    const TempDir folder;
    std::vector<std::string> words{action, "--stream", "s-one", "--yes", "--reason", "why"};
    if (words.front() == "discard") words.insert(words.end(), {"--export", (folder.path() / "rows").string()});
    const auto done = dead(database, words, as_role(database, "role", rights));
    check_done(done);
    CHECK(contains(done.out, "3 of 3 rows"));
    CHECK(count_rows(database, "stream_name = 's-two' AND attempts = 100 AND last_error = 'refused'") == 3);
    CHECK(count_dead(database) == 3);
  }
}

TEST_CASE("dead discard exports the rows, then deletes them where the role has DELETE, and marks them otherwise") {
  struct Case {
    const char* role;
    const char* rights;
    bool deletes;
  };
  for (const auto& one : {Case{"deleter", "SELECT, DELETE", true}, Case{"all", "SELECT, UPDATE, DELETE", true},
                          Case{"updater", "SELECT, UPDATE", false}}) {
    const std::string rights = one.rights;
    const bool deletes = one.deletes;
    CAPTURE(rights);
    const auto database = contract_database();
    insert_dead(database, "a", "s", 3, "'line one' || E'\\n' || 'line two'");
    insert_rows(database, "living", "s", 2);
    const auto environment = as_role(database, one.role, rights);
    const TempDir folder;
    const auto file = folder.path() / "rows.jsonl";
    const auto done =
        dead(database,
             {"discard", "--stream", "s", "--reason", "sent by hand", "--export", file.string(), "--yes", "--json"},
             environment);
    check_done(done);
    CHECK(contains(done.out, deletes ? R"("how":"deleted")" : R"("how":"marked")"));
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const auto lines = lines_of(file);
    REQUIRE(lines.size() == 3);
    CHECK(database.scalar("SELECT r->>'last_error' = E'line one\\nline two' AND r->'payload_json' = '{\"n\": 1}' AND "
                          "r->>'available_at' = 'infinity' FROM (SELECT " +
                          literal(lines[0]) + "::jsonb AS r) AS one") == "t");
    CHECK(count_dead(database) == 0);
    CHECK(count_rows(database) == (deletes ? 2 : 5));
    CHECK(count_rows(database,
                     "dispatched_at = 'epoch' AND available_at = 'infinity' AND last_error = 'discarded: "
                     "sent by hand'") == (deletes ? 0 : 3));
    CHECK(count_rows(database, "dispatched_at IS NULL AND attempts = 0") == 2);
    CHECK(contains(done.err, ", --stream 's', reason: sent by hand\n"));
    CHECK_FALSE(contains(done.err, "line one"));
  }
}

TEST_CASE("dead commands need the rights of what they do, and say which is missing before anything is changed") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 1, "'refused'");
  const auto reader = as_role(database, "reader", "SELECT");
  check_done(dead(database, {"list"}, reader));
  check_done(dead(database, {"show", "a000001", "--payload"}, reader));
  const auto requeue = dead(database, {"requeue", "--all", "--yes"}, reader);
  check_done(requeue, 2);
  CHECK(contains(requeue.err, "GRANT UPDATE ON"));
  const auto discard = dead(database, {"discard", "--all", "--yes", "--reason", "r"}, reader);
  check_done(discard, 2);
  CHECK(contains(discard.err, "; or GRANT DELETE ON it"));
  // A row is exported whole or not at all; one to be shown lacks the column.
  const auto part = as_role(database, "part",
                            "DELETE, UPDATE, SELECT (id, stream_name, payload_json, attempts, available_at, "
                            "locked_until, locked_by, last_error, dispatched_at, created_at)");
  const auto whole = dead(database, {"discard", "--all", "--yes", "--reason", "r"}, part);
  check_done(whole, 2);
  CHECK(contains(whole.err, "may not read all of \"public\".\"event_outbox\" (request_id): GRANT SELECT"));
  CHECK(contains(dead(database, {"show", "a000001"}, part).out, "request_id: this role may not read it\n"));
  CHECK(count_dead(database) == 1);
}

TEST_CASE("dead show prints one row whole, its payload only on request, and no control characters") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 1, "E'bell\\x07 and \\x1b[31m red \\u202e ' || repeat('x', 1000000)");
  database.exec("UPDATE event_outbox SET payload_json = '{\"secret\": 9007199254740993}'");
  insert_rows(database, "living", "s", 1);
  const auto shown = dead(database, {"show", "a000001"});
  check_done(shown);
  CHECK(contains(shown.out, "\nattempts       100\n"));
  CHECK(contains(shown.out, R"(bell\x07 and \x1b[31m red \u202e xxx)"));
  CHECK_FALSE(contains(shown.out, "secret"));
  CHECK(contains(dead(database, {"show", "a000001", "--payload"}).out, "{\"secret\": 9007199254740993}\n"));
  const auto json = dead(database, {"show", "a000001", "--payload", "--json"});
  CHECK(
      contains(json.out, R"("row":{"id":"a000001","stream_name":"s","payload_json":{"secret": 9007199254740993},)"));
  // A payload that is a text and no object is the cause of a death, and shown as what it is.
  database.exec("UPDATE event_outbox SET payload_json = '\"text\"' WHERE id = 'a000001'");
  CHECK(contains(dead(database, {"show", "a000001", "--payload"}).out, "\npayload_json   \"text\"\n"));
  const auto listed = dead(database, {"list"});
  CHECK(listed.out.size() < 1'000);
  CHECK(contains(listed.out, R"(bell\x07 and \x1b[# red \u202e xxx)"));
  const auto living = dead(database, {"show", "living000001"});
  check_done(living, 1);
  CHECK(contains(living.err, "row living000001 is not dead: it is pending, and was not tried yet"));
  const auto nothing = dead(database, {"show", "nothing"});
  check_done(nothing, 1);
  CHECK(contains(nothing.err,
                 "row nothing is not in \"public\".\"event_outbox\" (dispatcher outbox): no row has this"));
}

TEST_CASE("dead commands that wait for a lock on the table name the session that holds it") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 1, "'refused'");
  const auto holder = database.connect();
  pqxx::work transaction{*holder};
  transaction.exec("SET application_name = 'nightly report'");
  transaction.exec("LOCK TABLE event_outbox");
  const auto pid = "pid " + std::to_string(holder->backendpid());
  for (const auto& words : {std::vector<std::string>{"list"}, {"show", "a000001"}, {"requeue", "--all", "--yes"}}) {
    const auto refused = dead(database, words);
    check_done(refused, 2);
    CHECK_MESSAGE(contains(refused.err, "the whole table is locked by " + pid), refused.err);
    CHECK(contains(refused.err, "(nightly report)"));
    CHECK(contains(refused.err, "in a transaction since "));
  }
}

TEST_CASE("dead requeue and discard say of each named row that isn't dead what it is instead") {
  const auto database = contract_database();
  insert_dead(database, "dead", "s", 2, "'refused'");
  insert_rows(database, "row", "s", 4);
  database.exec(
      "UPDATE event_outbox SET dispatched_at = now() WHERE id = 'row000001';"
      "UPDATE event_outbox SET locked_until = now() + interval '1 hour' WHERE id = 'row000002';"
      "UPDATE event_outbox SET dispatched_at = 'epoch', available_at = 'infinity' WHERE id = 'row000003'");
  for (const auto* action : {"requeue", "discard"}) {
    std::vector<std::string> words{action, "--yes", "--dry-run", "--stream", "s", "--reason", "why"};
    for (const auto* id : {"dead000001", "row000001", "row000002", "row000003", "row000004", "none"}) {
      words.insert(words.end(), {"--id", id});
    }
    const auto done = dead(database, words);
    check_done(done);
    CHECK(done.out.starts_with("1 row of "));
    CHECK_FALSE(contains(done.out, "dead000001"));
    for (const auto* line :
         {"row row000001 is not dead: it is published\n", "row row000002 is not dead: it is leased",
          "row row000003 is not dead: it was discarded\n", "row row000004 is not dead: it is pending",
          "row none is not in \"public\".\"event_outbox\": no row has this id"}) {
      CHECK_MESSAGE(contains(done.out, line), done.out);
    }
  }
  const auto other = dead(database, {"requeue", "--yes", "--id", "dead000002", "--stream", "t"});
  CHECK(contains(other.out, "row dead000002 is dead, but not chosen"));
}

TEST_CASE("dead discard marks each of several rows with one id once, in batches bounded by what is exported") {
  const auto database = contract_database();
  database.exec(
      "ALTER TABLE event_outbox RENAME TO plain; CREATE TABLE event_outbox (LIKE plain INCLUDING DEFAULTS)"
      " PARTITION BY LIST (stream_name); CREATE TABLE one PARTITION OF event_outbox FOR VALUES IN ('s-one');"
      " CREATE TABLE two PARTITION OF event_outbox FOR VALUES IN ('s-two')");
  insert_dead(database, "a", "s-one", 3, "'refused'");
  insert_dead(database, "a", "s-two", 3, "'refused'");
  // Stored, it takes a hundredth of that.
  database.exec(
      "UPDATE event_outbox SET payload_json = jsonb_build_object('x', repeat('x', 700000)) WHERE "
      "stream_name = 's-one'");
  const auto environment = as_role(database, "role", "SELECT, UPDATE");
  CHECK(contains(dead(database, {"requeue", "--id", "a000002", "--yes"}, environment).out, "2 of 2 rows "));
  database.exec("UPDATE event_outbox SET available_at = 'infinity'");
  const TempDir folder;
  const auto file = folder.path() / "rows.jsonl";
  const auto done =
      dead(database, {"discard", "--all", "--yes", "--reason", "why", "--export", file.string()}, environment);
  check_done(done);
  const auto lines = lines_of(file);
  CHECK(lines.size() == 6);
  CHECK(std::ranges::count_if(lines, [](const auto& line) { return contains(line, "s-two"); }) == 3);
  CHECK(count_dead(database) == 0);
  // Two of the large rows would be more than a batch may have.
  CHECK(database.scalar("SELECT count(DISTINCT xmin::text) FROM one") == "3");
}

TEST_CASE("dead requeue stops at a signal between two batches, and says how far it came") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 2'000, "'refused'");
  const auto command =
      start_outboxd({"dead", "requeue", "--all", "--yes", "--rate", "8"}, outboxd_environment(database));
  wait_until([&] { return count_dead(database) < 2'000; });
  command->signal(SIGINT);
  CHECK(command->wait() == 1);
  const auto requeued = 2'000 - count_dead(database);
  CHECK(requeued == count_rows(database, "attempts = 0 AND available_at <= now()"));
  CHECK(contains(command->out(), std::to_string(requeued) + " of 2000 rows of "));
  CHECK(contains(command->out(), "stopped after " + std::to_string(requeued) +
                                     " rows: interrupted; all others are as "
                                     "they were\n"));
  CHECK(contains(command->err(), ", stopped early\n"));
}

TEST_CASE(
    "dead: a filter that can't be meant, or a table that can't have it, is refused before anything is changed") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 1, "'refused'");
  const auto refused = [&](std::vector<std::string> words, const std::string& why) {
    const auto finished = dead(database, std::move(words));
    CHECK_MESSAGE(finished.status == 2, why, finished.out, finished.err);
    CHECK_MESSAGE(contains(finished.err, why), finished.err);
  };
  refused({"requeue", "--yes"}, "say which dead rows");
  refused({"requeue", "--all", "--stream", "s", "--yes"}, "leave out one or the other");
  refused({"requeue", "--all"}, "there is no terminal to ask at: say --yes");
  refused({"requeue", "--all", "--yes", "--rate", "fast"}, "--rate 'fast' is no rate");
  refused({"discard", "--all", "--yes"}, "--reason");
  refused({"discard", "--all", "--yes", "--reason", " "}, "--reason is empty");
  refused({"discard", "--all", "--yes", "--reason", "r", "--export", "/nonexistent/rows"},
          "name one in a folder that you may write to with --export: No such file");
  refused({"discard", "--all", "--yes", "--reason", "r", "--export", "/etc/passwd"}, "/etc/passwd exists");
  CHECK(count_dead(database) == 1);
  const auto caracal = caracal_database();
  const auto no_errors =
      run_outboxd(for_caracal_table({"dead", "list", "--error", "x"}), outboxd_environment(caracal));
  CHECK(no_errors.status == 2);
  CHECK(contains(no_errors.err, "has no column for errors"));
}

TEST_CASE(
    "dead rows of tables that a configuration describes: an enum of states and leases; or neither, and uuid ids") {
  const auto database = shared_postgres().create_database();
  database.exec(R"sql(
    CREATE TYPE job_state AS ENUM ('new', 'sent', 'failed');
    CREATE TABLE jobs (job_id bigint PRIMARY KEY, queue varchar(200) NOT NULL, body text NOT NULL, tries smallint NOT
      NULL, run_at timestamptz(3) NOT NULL DEFAULT now(), lease_end timestamptz, lease_owner varchar(200), failure
      varchar(40), state job_state NOT NULL, changed_at timestamptz);
    INSERT INTO jobs SELECT n, 'q', 'no JSON', 100, now(), now(), 'w', 'failed at ' || n, 'failed', now() FROM
      generate_series(1, 12) AS n;
    CREATE TABLE messages (id uuid PRIMARY KEY, topic text NOT NULL, content json NOT NULL, attempts bigint NOT NULL,
      next_try timestamptz NOT NULL, sent_at timestamptz);
    INSERT INTO messages SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 't', E'{"a":\n1}', 5, 'infinity'
      FROM generate_series(1, 3) AS n)sql");
  const TempDir folder;
  folder.write("jobs.toml", R"toml(
[dispatcher]
layout = "custom"
table = "jobs"
[dispatcher.columns]
id = "job_id"
stream = "queue"
payload = "body"
attempts = "tries"
available_at = "run_at"
locked_until = "lease_end"
locked_by = "lease_owner"
last_error = "failure"
status = "state"
updated_at = "changed_at"
[dispatcher.states]
pending = "new"
published = "sent"
dead = "failed"
)toml");
  folder.write("messages.toml", R"toml(
[dispatcher]
layout = "custom"
table = "messages"
[dispatcher.columns]
id = "id"
stream = "topic"
payload = "content"
attempts = "attempts"
available_at = "next_try"
published_at = "sent_at"
)toml");
  const auto run = [&](const std::string& table, std::vector<std::string> words) {
    words.insert(words.end(), {"--config", (folder / (table + ".toml")).string()});
    return dead(database, words);
  };
  CHECK(contains(run("jobs", {"list", "--json"}).out,
                 R"("time_column":"changed_at","groups":[{"stream":"q","error":"failed at #","rows":12,)"));
  check_done(run("jobs", {"requeue", "--id", "9", "--id", "10", "--yes"}));
  CHECK(database.rows("SELECT job_id, tries, lease_end FROM jobs WHERE state = 'new' ORDER BY 1") ==
        Rows{{"9", "0", "NULL"}, {"10", "0", "NULL"}});
  const auto role = "marker_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON jobs TO " + role);
  check_done(dead(database,
                  {"discard", "--id", "1", "--reason", std::string(100, 'r'), "--yes", "--export",
                   (folder / "jobs").string(), "--config", (folder / "jobs.toml").string()},
                  {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  CHECK(database.scalar(
            "SELECT state = 'sent' AND run_at = 'infinity' AND failure LIKE 'discarded: rrr%' FROM jobs WHERE "
            "job_id = 1") == "t");

  CHECK(contains(run("messages", {"list", "--json"}).out, R"("dead":3,"kinds":1,"time_column":null,)"));
  const auto without_time = run("messages", {"requeue", "--older-than", "1h", "--yes"});
  check_done(without_time, 2);
  CHECK(contains(without_time.err, "has no column by which dead rows have an age"));
  const auto no_uuid = run("messages", {"requeue", "--id", "1", "--yes"});
  check_done(no_uuid, 2);
  CHECK(contains(no_uuid.err, "invalid input syntax for type uuid"));
  check_done(run("messages", {"requeue", "--id", "00000000-0000-0000-0000-000000000002", "--yes"}));
  CHECK(database.scalar("SELECT count(*) FROM messages WHERE next_try <= now() AND attempts = 0") == "1");
  check_done(run("messages", {"discard", "--all", "--reason", "r", "--yes", "--export", (folder / "rows").string()}));
  CHECK(lines_of(folder / "rows") ==
        std::vector<std::string>{
            R"({"id":"00000000-0000-0000-0000-000000000001","topic":"t","content":{"a": 1},"attempts":5,)"
            R"("next_try":"infinity","sent_at":null})",
            R"({"id":"00000000-0000-0000-0000-000000000003","topic":"t","content":{"a": 1},"attempts":5,)"
            R"("next_try":"infinity","sent_at":null})"});
  CHECK(database.scalar("SELECT count(*) FROM messages") == "1");
}

TEST_CASE("dead rows of caracal_outbox: listed by stream, requeued by the contract's statement, marked by state") {
  const auto database = caracal_database();
  insert_caracal_rows(database, "c", "topic", 4);
  database.exec(
      "UPDATE caracal_outbox SET status = 'dead', attempts = 10, updated_at = now() - interval '1 hour', "
      "published_at "
      "= now() WHERE id <> 'c000004'");
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "dead");
    return run_outboxd(for_caracal_table(words), outboxd_environment(database));
  };
  CHECK(contains(run({"list", "--json"}).out, R"("dead":3,"kinds":1,"time_column":"updated_at","groups":[{"stream":)"
                                              R"("topic","error":null,"rows":3,)"));
  check_done(run({"requeue", "--id", "c000001", "--older-than", "30m", "--yes"}));
  CHECK(
      database.rows("SELECT status, attempts, available_at <= now(), published_at, updated_at > now() - interval '1 "
                    "min' FROM caracal_outbox WHERE id = 'c000001'") == Rows{{"pending", "0", "t", "NULL", "t"}});
  CHECK(contains(run({"requeue", "--newer-than", "30m", "--yes"}).out, "0 of 0 rows"));
  const auto role = "marker_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON caracal_outbox TO " + role);
  const TempDir folder;
  const auto done = run_outboxd(
      for_caracal_table(
          {"dead", "discard", "--all", "--yes", "--reason", "r", "--export", (folder.path() / "rows").string()}),
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  check_done(done);
  CHECK(contains(done.out, "2 of 2 rows of \"public\".\"caracal_outbox\" marked as discarded, and exported to "));
  CHECK(count_caracal_rows(database,
                           "status = 'published' AND published_at = 'epoch' AND available_at = 'infinity'") == 2);
  CHECK(count_caracal_rows(database, "status = 'pending'") == 2);
}

TEST_CASE("dead with several dispatchers: each row is listed once, and a change needs the dispatcher's name") {
  const auto database = contract_database();
  insert_dead(database, "a", "s-one", 2, "'refused'");
  insert_dead(database, "b", "s-two", 1, "'refused'");
  const TempDir folder;
  const auto file = folder.write("outboxd.toml", R"toml(
[[dispatcher]]
name = "one"
streams = ["s-one"]
[[dispatcher]]
name = "two"
streams = ["s-two"]
[[dispatcher]]
name = "again"
streams = ["s-two"]
)toml");
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--config", file.string()});
    return dead(database, words);
  };
  const auto listed = run({"list", "--json"});
  check_done(listed);
  CHECK(occurrences(listed.out, R"({"dispatcher":)") == 2);
  CHECK(contains(listed.out, R"({"dispatcher":"one","table":"\"public\".\"event_outbox\"","dead":2,)"));
  CHECK(contains(listed.out, R"({"dispatcher":"two","table":"\"public\".\"event_outbox\"","dead":1,)"));
  const auto unnamed = run({"requeue", "--all", "--yes"});
  check_done(unnamed, 2);
  CHECK(contains(unnamed.err, "several dispatchers are configured"));
  check_done(run({"requeue", "--all", "--yes", "--dispatcher", "two"}));
  CHECK(database.rows("SELECT DISTINCT stream_name FROM event_outbox WHERE available_at = 'infinity'") ==
        Rows{{"s-one"}});
}

TEST_CASE("dead, status and enqueue use no table if the choice of one fails, though the next connection works") {
  const auto database = contract_database();
  create_caracal_table(database);
  insert_dead(database, "a", "s", 3, "'refused'");
  auto environment = as_role(database, "coordinator", "SELECT, INSERT, DELETE");
  const auto role = "coordinator_" + database.name;
  database.exec("GRANT SELECT, UPDATE ON caracal_outbox TO " + role);
  FaultProxy proxy(shared_postgres().port());
  environment["DATABASE_URL"] =
      "postgresql://" + role + "@127.0.0.1:" + std::to_string(proxy.port()) + "/" + database.name;
  for (auto words : std::vector<std::vector<std::string>>{
           {"dead", "discard", "--all", "--reason", "r", "--yes"},
           {"dead", "list"},
           {"dead", "show", "a000001"},
           {"status", "--http-listen", "off"},
           {"enqueue", "s", "a=1"},
       }) {
    CAPTURE(words.front());
    words.insert(words.end(), {"--profile", "coordinator"});
    const auto command = start_outboxd(words, with(outboxd_environment(database), environment));
    proxy.wait_for("event_outbox", FaultProxy::Phase::asked);
    proxy.go_on(FaultProxy::Then::cut);
    CHECK(command->wait() == 2);
    CHECK_MESSAGE(
        contains(command->out() + command->err(), "event_outbox or caracal_outbox? That could not be found"),
        command->out(), command->err());
  }
  CHECK(count_dead(database) == 3);
  CHECK(count_rows(database) == 3);
}

TEST_CASE(
    "dead requeue and discard: only a commit without a sure answer is in doubt, and then the file keeps its rows") {
  struct Case {
    const char* what;
    /// What a trigger does at the statement, or at the commit.
    const char* trigger;
    const char* action;
    bool in_doubt;
  };
  constexpr const char* kAtOnce = "BEFORE UPDATE OR DELETE ON event_outbox";
  constexpr const char* kAtCommit = "AFTER UPDATE OR DELETE ON event_outbox DEFERRABLE INITIALLY DEFERRED";
  for (const auto& one :
       {Case{"the statement ends the session", kAtOnce, "pg_terminate_backend(pg_backend_pid())", false},
        Case{"the commit ends the session", kAtCommit, "pg_terminate_backend(pg_backend_pid())", true},
        Case{"an answer as of a proxy without its server", kAtCommit, "fail_as('57P01')", true},
        Case{"the commit is refused", kAtCommit, "fail_as('23514')", false}}) {
    for (const std::string action : {"requeue", "discard"}) {
      CAPTURE(one.what);
      CAPTURE(action);
      const auto database = contract_database();
      insert_dead(database, "a", "s", 3, "'refused'");
      database.exec(
          "CREATE FUNCTION fail_as(state text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = "
          "state; END $$; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM " +
          std::string{one.action} + "; PERFORM pg_sleep(20); RETURN NULL; END $$; CREATE " +
          (one.trigger == kAtCommit ? "CONSTRAINT " : "") + "TRIGGER fail " + one.trigger +
          " FOR EACH ROW EXECUTE FUNCTION fail()");
      const TempDir folder;
      const auto file = folder.path() / "rows.jsonl";
      std::vector<std::string> words{action, "--all", "--yes", "--reason", "why"};
      if (action == "discard") words.insert(words.end(), {"--export", file.string()});
      const auto done = dead(database, words);
      CHECK(count_dead(database) == 3);
      const bool refused = contains(one.action, "23514");
      check_done(done, one.in_doubt ? 1 : refused ? 3 : 2);
      CHECK(contains(done.out, "was changed as well is unknown") == one.in_doubt);
      CHECK(contains(done.out, "all others are as they were") == (!one.in_doubt && !refused));
      CHECK(contains(done.out, file.string() + " has its rows") == (one.in_doubt && action == "discard"));
      CHECK(lines_of(file).size() == (one.in_doubt && action == "discard" ? 3 : 0));
    }
  }
}

TEST_CASE("dead requeue stops when Postgres refuses row after row, also at a rate at which a batch is one row") {
  const auto database = contract_database();
  insert_dead(database, "a", "s", 30, "'refused'");
  database.exec(
      "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = '25006'; END "
      "$$;"
      "CREATE TRIGGER fail BEFORE UPDATE ON event_outbox FOR EACH ROW EXECUTE FUNCTION fail()");
  const auto done = dead(database, {"requeue", "--all", "--yes", "--rate", "7"});
  check_done(done, 2);
  CHECK(contains(done.out, "10 rows not changed, as Postgres refuses the change"));
  CHECK(contains(done.out, "or ten rows in a row (25006"));
}

TEST_CASE("dead requeue leaves a server that stops answering, and says how far it came") {
  PrivatePostgres server;
  const auto database = server.create_database();
  create_contract_table(database);
  insert_dead(database, "a", "s", 2'000, "'refused'");
  const auto command =
      start_outboxd({"dead", "requeue", "--all", "--yes", "--rate", "40", "--postgres-statement-timeout", "300ms"},
                    outboxd_environment(database));
  wait_until([&] { return count_dead(database) < 2'000; });
  server.pause();
  CHECK(command->wait() == 1);
  CHECK_MESSAGE(contains(command->out(), "stopped after "), command->out());
  server.resume();
  // Nearly always it waits for its next batch when the server stops.
  if (contains(command->out(), "is unknown")) return;
  CHECK_MESSAGE(contains(command->out(), std::to_string(2'000 - count_dead(database)) + " of 2000 rows of "),
                command->out());
}
