// SPDX-License-Identifier: Apache-2.0
// layout = "custom": tables of other applications, and invalid mappings.
#include "support/outbox_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

using Columns = std::map<std::string, std::string>;

constexpr const char* kStates = "\n[dispatcher.states]\npending = \"new\"\npublished = \"sent\"\ndead = \"failed\"\n";

std::string mapping(const std::string& table, const Columns& columns, const std::string& more = "") {
  std::string toml =
      "[dispatcher]\nlayout = \"custom\"\npoll_interval = \"20ms\"\ntable = '" + table + "'\n[dispatcher.columns]\n";
  for (const auto& [role, column] : columns) toml += role + " = '" + column + "'\n";
  return toml + more;
}

Columns without(Columns columns, const std::string& role) {
  columns.erase(role);
  return columns;
}

Columns instead(Columns columns, const std::string& role, const std::string& column) {
  columns[role] = column;
  return columns;
}

/// A daemon's command line for a mapping; the file with the mapping exists as long as this object.
class Mapped {
 public:
  explicit Mapped(const std::string& toml) : file_(folder_.write("outboxd.toml", toml)) {}

  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.end(), {"--config", file_.string()});
    return words;
  }

 private:
  TempDir folder_;
  std::filesystem::path file_;
};

Finished once(const Database& database, const std::string& toml, const PrivateRedis& redis = shared_redis()) {
  return run_outboxd(Mapped(toml).command({"--once"}), outboxd_environment(database, redis));
}

Database database_with(const std::string& sql) {
  auto database = shared_postgres().create_database();
  database.exec(sql);
  return database;
}

void check_refused(const Database& database, const std::string& toml, const std::vector<std::string>& named) {
  // A daemon would wait until the table is fixed.
  const auto ended =
      run_outboxd(Mapped(toml).command({"--once"}), outboxd_environment(database), "", std::chrono::seconds(20));
  CHECK(ended.status == 2);
  for (const auto& word : named) {
    CHECK_MESSAGE(contains(ended.err, word), word, " is not in: ", ended.err);
  }
}

/// A table with a bigint id, a text payload, an enum of states, and two lease columns.
constexpr const char* kJobs = R"sql(
CREATE TYPE job_state AS ENUM ('new', 'sent', 'failed');
CREATE TABLE jobs (
  job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue varchar(200) NOT NULL,
  body text NOT NULL,
  tries smallint NOT NULL DEFAULT 0,
  run_at timestamptz(3) NOT NULL DEFAULT now(),
  lease_end timestamptz,
  lease_owner varchar(200),
  failure text,
  state job_state NOT NULL DEFAULT 'new',
  changed_at timestamptz,
  inserted_at timestamptz NOT NULL DEFAULT now()))sql";

const Columns kJobColumns{{"id", "job_id"},
                          {"stream", "queue"},
                          {"payload", "body"},
                          {"attempts", "tries"},
                          {"available_at", "run_at"},
                          {"locked_until", "lease_end"},
                          {"locked_by", "lease_owner"},
                          {"last_error", "failure"},
                          {"status", "state"},
                          {"updated_at", "changed_at"},
                          {"created_at", "inserted_at"}};

void insert_jobs(const Database& database, const std::string& stream, int count, const std::string& body = "{}") {
  database.exec("INSERT INTO jobs (queue, body) SELECT " + literal(stream) + ", " + literal(body) +
                " FROM generate_series(1, " + std::to_string(count) + ")");
}

std::int64_t count_jobs(const Database& database, const std::string& condition) {
  return std::stoll(database.scalar("SELECT count(*) FROM jobs WHERE " + condition));
}

/// A table with a uuid, jsonb, no lease columns and no state: a row is published if its time of publishing is set.
constexpr const char* kMessages = R"sql(
CREATE TABLE messages (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  topic text NOT NULL,
  dedupe text NOT NULL DEFAULT 'd',
  source text NOT NULL DEFAULT 'billing',
  content json NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  next_try timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  created timestamptz NOT NULL DEFAULT clock_timestamp()))sql";

const Columns kMessageColumns{{"id", "id"},
                              {"stream", "topic"},
                              {"payload", "content"},
                              {"attempts", "attempts"},
                              {"available_at", "next_try"},
                              {"published_at", "sent_at"},
                              {"dedupe_key", "dedupe"},
                              {"producer", "source"},
                              {"created_at", "created"}};

void insert_messages(const Database& database, const std::string& stream, int count,
                     const std::string& content = "{}") {
  database.exec("INSERT INTO messages (topic, content) SELECT " + literal(stream) + ", " + literal(content) +
                " FROM generate_series(1, " + std::to_string(count) + ")");
}

std::int64_t count_messages(const Database& database, const std::string& condition) {
  return std::stoll(database.scalar("SELECT count(*) FROM messages WHERE " + condition));
}

/// A stream whose key has another type.
std::string refused_stream() {
  auto stream = new_stream("custom-refused");
  shared_redis().probe().command("SET", stream, "a string");
  return stream;
}

}  // namespace

TEST_CASE("bigint ids, a text payload, an enum of states, leases in a pair of columns: every outcome") {
  const auto database = database_with(kJobs);
  const auto stream = new_stream("custom");
  insert_jobs(database, stream, 200, R"({ "n" : 9007199254740993, "gone": null, "in": {"a": [1,  2]} })");
  insert_jobs(database, refused_stream(), 1);
  insert_jobs(database, stream, 1, "[]");
  insert_jobs(database, stream, 1, "this is no JSON");
  const auto ended = once(database, mapping("jobs", kJobColumns, kStates));
  CHECK_MESSAGE(ended.status == 1, ended.err);
  const auto counts = once_counts(ended.out);
  CHECK(counts.published == 200);
  CHECK(counts.retried == 0);
  CHECK(counts.dead == 2);
  CHECK(counts.add_up());
  CHECK(published(shared_redis().probe(), stream).each_once(200));
  const auto fields = shared_redis().probe().xrange(stream).at(0).fields;
  REQUIRE(fields.size() >= 3);
  CHECK(fields[0] == std::pair<std::string, std::string>{"outbox_id", "1"});
  CHECK(fields[1] == std::pair<std::string, std::string>{"n", "9007199254740993"});
  CHECK(count_jobs(database,
                   "state = 'sent' AND tries = 1 AND lease_end IS NULL AND failure IS NULL AND changed_at >="
                   " inserted_at") == 200);
  CHECK(count_jobs(database,
                   "state = 'new' AND tries = 0 AND lease_end IS NULL AND failure LIKE"
                   " '%WRONGTYPE%'") == 1);
  CHECK(count_jobs(database, "state = 'failed' AND tries = 1 AND lease_end IS NULL AND failure <> ''") == 2);
}

TEST_CASE("uuid ids, a json payload, no lease pair, no state: every outcome") {
  const auto database = database_with(kMessages);
  const auto stream = new_stream("custom");
  insert_messages(database, stream, 200, R"({"a": 1})");
  insert_messages(database, refused_stream(), 1);
  insert_messages(database, stream, 1, "[]");
  const auto ended = once(database, mapping("messages", kMessageColumns));
  CHECK_MESSAGE(ended.status == 1, ended.err);
  CHECK(once_counts(ended.out).published == 200);
  CHECK(published(shared_redis().probe(), stream).each_once(200));
  const auto entries = shared_redis().probe().xrange(stream);
  CHECK(entries.at(0).fields.at(1) == std::pair<std::string, std::string>{"dedupe_key", "d"});
  // In the order of their creation.
  std::string by_creation;
  for (const auto& row : database.rows("SELECT id FROM messages WHERE sent_at IS NOT NULL ORDER BY created")) {
    by_creation += row[0] + " ";
  }
  std::string by_entry;
  for (const auto& entry : entries) by_entry += entry.at("outbox_id") + " ";
  CHECK(by_entry == by_creation);
  CHECK(count_messages(database, "sent_at IS NOT NULL AND attempts = 1") == 200);
  CHECK(count_messages(database, "sent_at IS NULL AND attempts = 0 AND next_try < 'infinity'") == 1);
  CHECK(count_messages(database, "sent_at IS NULL AND attempts = 1 AND next_try = 'infinity'") == 1);
}

TEST_CASE("a producer of a custom table, and excluded streams") {
  const auto database = database_with(kMessages);
  const auto wanted = new_stream("custom");
  const auto unwanted = new_stream("custom");
  for (const auto& stream : {wanted, unwanted}) insert_messages(database, stream, 10);
  database.exec("UPDATE messages SET source = 'other' WHERE id IN (SELECT id FROM messages WHERE topic = '" + wanted +
                "' LIMIT 4)");
  const auto toml =
      "[dispatcher]\nlayout = \"custom\"\ntable = \"messages\"\nproducer = \"billing\"\n"
      "exclude_streams = [\"" +
      unwanted + "\"]\n" +
      mapping("messages", kMessageColumns).substr(std::string(mapping("messages", {})).find("[dispatcher.columns]"));
  const auto ended = once(database, toml);
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(published(shared_redis().probe(), wanted).each_once(6));
  CHECK(shared_redis().probe().xlen(unwanted) == 0);
  CHECK(count_messages(database, "attempts = 0 AND sent_at IS NULL AND next_try <= now()") == 14);
}

TEST_CASE("names that need quotes: reserved words, upper case, blanks, quotes, dots, other letters") {
  const auto database = database_with(R"sql(
CREATE SCHEMA "My.Schema";
CREATE TYPE "My.Schema"."My Type" AS ENUM ('it''s new', 'done', 'no "more"');
CREATE TABLE "My.Schema"."my ""table""" (
  "select" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "Order" text NOT NULL,
  "user" jsonb NOT NULL,
  "two words" integer NOT NULL DEFAULT 0,
  "größe" timestamptz NOT NULL DEFAULT now(),
  "a.b" timestamptz,
  "{id}" text,
  "quote""d" text,
  "$1" "My.Schema"."My Type" NOT NULL DEFAULT 'it''s new'))sql");
  const auto stream = new_stream("custom");
  const auto table = std::string(R"("My.Schema"."my ""table""")");
  database.exec("INSERT INTO " + table + R"( ("Order", "user") SELECT ')" + stream +
                R"(', '{"a": 1}' FROM generate_series(1, 50))");
  const auto toml =
      mapping(table,
              {{"id", "select"},
               {"stream", "Order"},
               {"payload", "user"},
               {"attempts", "two words"},
               {"available_at", "größe"},
               {"locked_until", "a.b"},
               {"locked_by", "{id}"},
               {"last_error", "quote\"d"},
               {"status", "$1"}},
              "\n[dispatcher.states]\npending = \"it's new\"\npublished = \"done\"\ndead = 'no \"more\"'\n");
  const auto ended = once(database, toml);
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(published(shared_redis().probe(), stream).each_once(50));
  CHECK(database.scalar("SELECT count(*) FROM " + table + R"( WHERE "$1" = 'done' AND "two words" = 1)") == "50");
}

TEST_CASE("both kinds of leases: two processes share a custom table, and rows of killed ones are claimed again") {
  struct Case {
    std::string name;
    Database database;
    std::string toml;
    std::string published;
  };
  for (const auto& one :
       {Case{"jobs", database_with(kJobs), mapping("jobs", kJobColumns, kStates), "state = 'sent'"},
        Case{"messages", database_with(kMessages), mapping("messages", kMessageColumns), "sent_at IS NOT NULL"}}) {
    CAPTURE(one.name);
    PrivateRedis redis;
    const auto insert = [&](const std::string& stream, int count) {
      one.name == "jobs" ? insert_jobs(one.database, stream, count) : insert_messages(one.database, stream, count);
    };
    const auto count = [&](const std::string& condition) {
      return std::stoll(one.database.scalar("SELECT count(*) FROM " + one.name + " WHERE " + condition));
    };
    const Mapped mapped(one.toml);
    const auto environment = outboxd_environment(one.database, redis);
    insert("shared", 3000);
    const auto first = start_outboxd(mapped.command({"--once", "--batch", "20"}), environment);
    const auto second = start_outboxd(mapped.command({"--once", "--batch", "20"}), environment);
    CHECK(first->wait(std::chrono::seconds(90)) == 0);
    CHECK(second->wait(std::chrono::seconds(90)) == 0);
    CHECK(published(redis.probe(), "shared").each_once(3000));
    redis.probe().command("CLIENT", "PAUSE", "120000", "WRITE");
    insert("killed", 5);
    {
      const auto killed =
          start_outboxd(mapped.command({"run", "--redis-timeout", "60s", "--lease", "1s"}), environment);
      const std::string leased = one.name == "jobs" ? "lease_end IS NOT NULL" : "next_try > created";
      wait_until([&] { return count(leased + " AND NOT (" + one.published + ")") == 5; });
      killed->signal(SIGKILL);
      killed->wait();
    }
    redis.probe().command("CLIENT", "UNPAUSE");
    const auto next = start_outboxd(mapped.command({"run"}), environment);
    wait_until([&] { return count(one.published) == 3005; });
    CHECK(published(redis.probe(), "killed").distinct.size() == 5);
  }
}

TEST_CASE("ids of every type that has an order are published and settled") {
  for (const std::string type :
       {"integer", "numeric", "char(4)", "varchar(40)", "bytea", "uuid", "name", "text COLLATE \"C\"", "an_id"}) {
    CAPTURE(type);
    const auto database = database_with("CREATE DOMAIN an_id AS text CHECK (value <> '')");
    database.exec("CREATE TABLE odd (k " + type +
                  " PRIMARY KEY, s text, p jsonb, n int NOT NULL DEFAULT 0, at timestamptz NOT NULL DEFAULT now(),"
                  " sent timestamptz)");
    const auto stream = new_stream("custom");
    const std::string id = type == "uuid"    ? "gen_random_uuid()"
                           : type == "bytea" ? "int4send(i)"
                                             : "(1000 + i)::text";
    database.exec("INSERT INTO odd (k, s, p) SELECT (" + id +
                  ")::" + (type.starts_with("text") ? std::string("text") : type) + ", '" + stream +
                  "', '{}' FROM generate_series(1, 50) AS i");
    const auto ended = once(database, mapping("odd", {{"id", "k"},
                                                      {"stream", "s"},
                                                      {"payload", "p"},
                                                      {"attempts", "n"},
                                                      {"available_at", "at"},
                                                      {"published_at", "sent"}}));
    CHECK_MESSAGE(ended.status == 0, ended.err);
    const auto found = published(shared_redis().probe(), stream);
    CHECK(found.each_once(50));
    CHECK(database.scalar("SELECT count(*) FROM odd WHERE sent IS NOT NULL AND n = 1") == "50");
    for (const auto& row : database.rows("SELECT k FROM odd")) CHECK(found.distinct.contains(row[0]));
  }
}

TEST_CASE("the smallest set of columns, with and without a state, with and without lease columns") {
  const auto database = database_with(
      "CREATE TABLE few (k bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s text, p jsonb, n int NOT NULL DEFAULT "
      "0, at timestamptz"
      " DEFAULT now(), sent timestamptz, state varchar(8) DEFAULT 'new', until timestamptz, who text)");
  const Columns least{{"id", "k"}, {"stream", "s"}, {"payload", "p"}, {"attempts", "n"}, {"available_at", "at"}};
  for (const bool lease : {false, true}) {
    for (const std::string end : {"published_at", "status"}) {
      CAPTURE(lease);
      CAPTURE(end);
      auto columns = instead(least, end, end == "status" ? "state" : "sent");
      if (lease) columns.insert({{"locked_until", "until"}, {"locked_by", "who"}});
      const auto stream = new_stream("custom");
      database.exec("TRUNCATE few; INSERT INTO few (s, p) SELECT '" + stream +
                    "', '{}' FROM generate_series(1, 100); INSERT INTO few (s, p) VALUES ('" + stream +
                    "', '[]'), (NULL, '{}'), ('" + refused_stream() + "', '{}')");
      const auto toml = mapping("few", columns, end == "status" ? kStates : "");
      const auto ended = once(database, toml);
      CHECK_MESSAGE(ended.status == 1, ended.err);
      const auto counts = once_counts(ended.out);
      CHECK_MESSAGE(counts.published == 100, ended.err);
      CHECK(counts.retried == 0);
      CHECK(counts.dead == 2);
      CHECK(published(shared_redis().probe(), stream).each_once(100));
      CHECK(database.scalar("SELECT count(*) FROM few WHERE n = 1") == "102");
    }
  }
}

TEST_CASE(
    "columns that may be NULL: no attempts count as 0, a row without a payload is dead, neighbours are published") {
  const auto least =
      Columns{{"id", "k"}, {"stream", "s"}, {"payload", "p"}, {"attempts", "n"}, {"available_at", "at"}};
  for (const bool lease : {false, true}) {
    for (const std::string end : {"published_at", "status"}) {
      CAPTURE(lease);
      CAPTURE(end);
      const auto database = database_with(
          "CREATE TABLE few (k bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s text, p jsonb, n int, at "
          "timestamptz"
          " DEFAULT now(), sent timestamptz, state char(8) DEFAULT 'new', until timestamptz, who text)");
      auto columns = instead(least, end, end == "status" ? "state" : "sent");
      if (lease) columns.insert({{"locked_until", "until"}, {"locked_by", "who"}});
      const auto stream = new_stream("custom");
      database.exec("INSERT INTO few (s, p, n) SELECT '" + stream +
                    "', CASE WHEN i <> 7 THEN jsonb '{}' END, CASE WHEN i > 10 THEN 0 END FROM generate_series(1, 50)"
                    " AS i");
      const auto ended = once(database, mapping("few", columns, end == "status" ? kStates : ""));
      CHECK_MESSAGE(ended.status == 1, ended.err);
      CHECK(once_counts(ended.out).published == 49);
      CHECK(once_counts(ended.out).dead == 1);
      CHECK(published(shared_redis().probe(), stream).each_once(49));
      CHECK(database.scalar("SELECT count(*) FROM few WHERE n = 1") == "50");
    }
  }
}

TEST_CASE("a missing column is named with its role") {
  const auto database = database_with(kMessages);
  insert_messages(database, new_stream("custom"), 1);
  for (const auto& [role, column] : kMessageColumns) {
    CAPTURE(role);
    check_refused(database, mapping("messages", instead(kMessageColumns, role, "no_" + role)),
                  {"messages", "no_" + role});
  }
  // Names are case-sensitive.
  check_refused(database, mapping("messages", instead(kMessageColumns, "payload", "Content")), {"Content"});
  CHECK(count_messages(database, "attempts = 0 AND next_try <= now() AND sent_at IS NULL") == 1);
}

TEST_CASE("a missing role is named before any connection is opened") {
  const auto database = database_with(kMessages);
  for (const char* role : {"id", "stream", "payload", "attempts", "available_at", "published_at"}) {
    CAPTURE(role);
    check_refused(database, mapping("messages", without(kMessageColumns, role)), {role});
  }
  check_refused(database, mapping("messages", instead(kMessageColumns, "locked_by", "worker")), {"locked_until"});
  check_refused(database, mapping("messages", instead(kMessageColumns, "no_such_role", "worker")), {"no_such_role"});
}

TEST_CASE("a column of a wrong type") {
  struct Case {
    const char* role;
    const char* type;
  };
  for (const auto& wrong :
       {Case{"stream", "integer"}, Case{"payload", "bytea"}, Case{"attempts", "text"}, Case{"attempts", "boolean"},
        Case{"available_at", "timestamp"}, Case{"available_at", "bigint"}, Case{"published_at", "boolean"},
        Case{"published_at", "date"}, Case{"created_at", "text"}}) {
    CAPTURE(wrong.role);
    CAPTURE(wrong.type);
    const auto database = database_with(kMessages);
    database.exec(std::string("ALTER TABLE messages ADD COLUMN wrong ") + wrong.type);
    check_refused(database, mapping("messages", instead(kMessageColumns, wrong.role, "wrong")),
                  {"messages", "wrong"});
  }
}

TEST_CASE("a column that can't be written: generated, identity, not null") {
  struct Case {
    const char* role;
    const char* column;
  };
  for (const auto& wrong :
       {Case{"attempts", "integer GENERATED ALWAYS AS (1) STORED"},
        Case{"attempts", "bigint GENERATED ALWAYS AS IDENTITY"},
        Case{"locked_until", "timestamptz NOT NULL DEFAULT now()"}, Case{"last_error", "text NOT NULL DEFAULT ''"}}) {
    CAPTURE(wrong.column);
    const auto database = database_with(kJobs);
    database.exec(std::string("ALTER TABLE jobs ADD COLUMN wrong ") + wrong.column);
    check_refused(database, mapping("jobs", instead(kJobColumns, wrong.role, "wrong"), kStates), {"jobs", "wrong"});
  }
  const auto database = database_with(kMessages);
  database.exec("ALTER TABLE messages ADD COLUMN wrong timestamptz NOT NULL DEFAULT now()");
  check_refused(database, mapping("messages", instead(kMessageColumns, "published_at", "wrong")),
                {"messages", "wrong"});
}

TEST_CASE("a value for a state that the column can't hold") {
  const auto states = [](const std::string& dead) {
    return "\n[dispatcher.states]\npending = \"new\"\npublished = \"sent\"\ndead = \"" + dead + "\"\n";
  };
  {
    const auto database = database_with(kJobs);
    check_refused(database, mapping("jobs", kJobColumns, states("given_up")), {"state", "given_up"});
  }
  for (const std::string type : {"integer", "varchar(4)", "text CHECK (wrong IN ('new', 'sent', 'failed'))"}) {
    CAPTURE(type);
    const auto database = database_with(kJobs);
    database.exec("ALTER TABLE jobs ADD COLUMN wrong " + type);
    check_refused(database, mapping("jobs", instead(kJobColumns, "status", "wrong"), states("given_up")),
                  {"jobs", "wrong"});
  }
}

TEST_CASE("an id that isn't unique") {
  const auto database = database_with(kMessages);
  database.exec("ALTER TABLE messages DROP CONSTRAINT messages_pkey");
  const auto toml = mapping("messages", kMessageColumns);
  check_refused(database, toml, {"messages", "column id"});
  // These aren't unique either.
  database.exec("CREATE INDEX ON messages (id); CREATE UNIQUE INDEX ON messages (id, topic)");
  check_refused(database, toml, {"messages", "column id"});
  database.exec("CREATE UNIQUE INDEX ON messages (id) WHERE sent_at IS NULL");
  check_refused(database, toml, {"messages", "column id"});
  database.exec("CREATE UNIQUE INDEX ON messages (id)");
  insert_messages(database, new_stream("custom"), 1);
  const auto ended = once(database, toml);
  CHECK_MESSAGE(ended.status == 0, ended.err);
}

TEST_CASE("an id that may be NULL, and a lease column that is too short for a worker id") {
  const auto database = database_with(kJobs);
  database.exec("ALTER TABLE jobs ADD COLUMN wrong bigint UNIQUE, ADD COLUMN short varchar(20)");
  check_refused(database, mapping("jobs", instead(kJobColumns, "id", "wrong"), kStates), {"jobs", "wrong", "NULL"});
  check_refused(database, mapping("jobs", instead(kJobColumns, "locked_by", "short"), kStates), {"jobs", "short"});
}

TEST_CASE("an error that is too long for its column is shortened, and the row is dead nevertheless") {
  const auto database = database_with(kMessages);
  database.exec("ALTER TABLE messages ADD COLUMN problem varchar(10)");
  insert_messages(database, new_stream("custom"), 3);
  database.exec("UPDATE messages SET " + kMessageColumns.at("payload") +
                " = '[]' WHERE id = (SELECT id FROM messages"
                " LIMIT 1)");
  const auto ended = once(database, mapping("messages", instead(kMessageColumns, "last_error", "problem")));
  CHECK_MESSAGE(ended.status == 1, ended.err);
  CHECK(once_counts(ended.out).dead == 1);
  CHECK(once_counts(ended.out).published == 2);
  CHECK(database.scalar("SELECT count(*) FROM messages WHERE problem = 'payload is'") == "1");
}

TEST_CASE("rows with available_at = -infinity, and without a known time of creation, are counted") {
  for (const bool lease : {false, true}) {
    CAPTURE(lease);
    const auto database = database_with(lease ? kJobs : kMessages);
    auto columns = without(lease ? kJobColumns : kMessageColumns, "created_at");
    const std::string table = lease ? "jobs" : "messages";
    const Mapped mapped(mapping(table, columns, lease ? kStates : ""));
    const auto status = [&] {
      return run_outboxd(mapped.command({"status", "--json"}), outboxd_environment(database)).out;
    };
    CHECK_MESSAGE(contains(status(), R"("pending":0,"oldest_pending_seconds":null)"), status());
    if (lease) {
      insert_jobs(database, new_stream("custom"), 3);
    } else {
      insert_messages(database, new_stream("custom"), 3);
    }
    database.exec("UPDATE " + table + " SET " + columns.at("available_at") + " = '-infinity'");
    CHECK_MESSAGE(contains(status(), R"("pending":3,"oldest_pending_seconds":null)"), status());
  }
}

TEST_CASE("a missing right on a column of a custom table") {
  const auto database = database_with(kMessages);
  const auto role = "custom_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE (attempts, next_try) ON messages TO " + role);
  const Mapped mapped(mapping("messages", kMessageColumns));
  const auto environment =
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}});
  const auto refused = run_outboxd(mapped.command({"--once"}), environment);
  CHECK(refused.status == 2);
  CHECK_MESSAGE(contains(refused.err, "sent_at"), refused.err);
  database.exec("GRANT UPDATE (sent_at) ON messages TO " + role);
  CHECK(run_outboxd(mapped.command({"--once"}), environment).status == 0);
}
