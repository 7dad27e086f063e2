// SPDX-License-Identifier: Apache-2.0
// Variants of the contract's tables in practice: partitioned, with more columns, with triggers, with row-level
// security.
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

constexpr auto kDeadline = std::chrono::seconds(90);

/// The differences of the two tables.
struct Kind {
  std::string table;
  std::vector<std::string> flags;
  std::string is_published;

  [[nodiscard]] Database database() const {
    return table == "event_outbox" ? contract_database() : caracal_database();
  }
  void insert(const Database& database, const std::string& prefix, const std::string& stream, int count) const {
    if (table == "event_outbox") {
      insert_rows(database, prefix, stream, count);
    } else {
      insert_caracal_rows(database, prefix, stream, count);
    }
  }
  [[nodiscard]] std::int64_t count(const Database& database, const std::string& condition) const {
    return std::stoll(database.scalar("SELECT count(*) FROM " + table + " WHERE " + condition));
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  [[nodiscard]] Finished once(const Database& database, const Environment& changes = {}) const {
    return run_outboxd(command({"--once"}), with(outboxd_environment(database), changes), "", kDeadline);
  }
  /// Inserts a poison row, a refused one, and `good` ones, which must all be published.
  void check_every_outcome(const Database& database, int good) const {
    const auto stream = new_stream("shapes");
    const auto refused = new_stream("shapes-refused");
    shared_redis().probe().command("SET", refused, "a string");
    insert(database, "good", stream, good);
    insert(database, "refused", refused, 2);
    insert(database, "dead", stream, 2);
    database.exec("UPDATE " + table + " SET payload_json = '[]' WHERE id LIKE 'dead%'");
    const auto ended = once(database);
    CHECK_MESSAGE(ended.status == 1, ended.err);
    const auto counts = once_counts(ended.out);
    CHECK(counts.published == good);
    CHECK(counts.retried == 0);
    CHECK(counts.dead == 2);
    CHECK(counts.add_up());
    CHECK(published(shared_redis().probe(), stream).each_once(static_cast<std::size_t>(good)));
    CHECK(count(database, published_condition() + " AND attempts = 1") == good);
    CHECK(count(database, "id LIKE 'refused%' AND attempts = 0 AND available_at <= now() + interval '1 minute'") ==
          2);
    const std::string dead = table == "event_outbox" ? "available_at = 'infinity'" : "status = 'dead'";
    CHECK(count(database, "id LIKE 'dead%' AND attempts = 1 AND " + dead) == 2);
  }
  [[nodiscard]] std::string published_condition() const { return "(" + is_published + ")"; }
};

const Kind kEvents{"event_outbox", {}, "dispatched_at IS NOT NULL"};
const Kind kCaracal{
    "caracal_outbox", {"--profile", "coordinator", "--layout", "caracal_outbox"}, "status = 'published'"};
const std::vector<Kind> kKinds{kEvents, kCaracal};

/// Replaces the contract's table by a partitioned one with the same columns and defaults.
void partition(const Database& database, const Kind& kind, const std::string& by, const std::string& key,
               const std::string& partitions) {
  database.exec("ALTER TABLE " + kind.table + " RENAME TO plain; CREATE TABLE " + kind.table +
                " (LIKE plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS" +
                (key.empty() ? "" : ", PRIMARY KEY " + key) + ") PARTITION BY " + by + "; DROP TABLE plain; " +
                partitions);
}

std::string by_created_at(const Kind& kind) {
  return "CREATE TABLE past PARTITION OF " + kind.table +
         " FOR VALUES FROM (MINVALUE) TO ('2020-01-01'); CREATE TABLE nowadays PARTITION OF " + kind.table +
         " FOR VALUES FROM ('2020-01-01') TO (MAXVALUE); CREATE INDEX ON " + kind.table + " (available_at)";
}

Environment as_role(const Database& database, const std::string& role) {
  return {{"DATABASE_URL", shared_postgres().url(database.name, role)}};
}

std::string new_role(const Database& database, const Kind& kind, const std::string& name) {
  auto role = name + "_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON " + kind.table + " TO " + role);
  return role;
}

}  // namespace

TEST_CASE("partitioned by ranges of created_at, with a primary key of both columns") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    partition(database, kind, "RANGE (created_at)", "(id, created_at)", by_created_at(kind));
    kind.check_every_outcome(database, 200);
    // On a slow machine these rows would be due again before the next --once, and would determine its exit status.
    database.exec("DELETE FROM " + kind.table + " WHERE id LIKE 'refused%'");
    const auto stream = new_stream("shapes");
    kind.insert(database, "old", stream, 100);
    database.exec("UPDATE " + kind.table + " SET created_at = created_at - interval '30 years' WHERE id LIKE 'old%'");
    CHECK(kind.once(database).status == 0);
    CHECK(database.scalar("SELECT count(*) FROM past") == "100");
    CHECK(published(shared_redis().probe(), stream).each_once(100));
  }
}

TEST_CASE("partitioned by a column that outcomes change: rows move, and two processes drain the table") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    if (kind.table == "event_outbox") {
      partition(database, kind, "LIST ((dispatched_at IS NULL))", "",
                "CREATE TABLE waiting PARTITION OF event_outbox FOR VALUES IN (true);"
                "CREATE TABLE done PARTITION OF event_outbox FOR VALUES IN (false);"
                "CREATE UNIQUE INDEX ON waiting (id); CREATE UNIQUE INDEX ON done (id)");
    } else {
      partition(database, kind, "LIST (status)", "(id, status)",
                "CREATE TABLE waiting PARTITION OF caracal_outbox FOR VALUES IN ('pending');"
                "CREATE TABLE done PARTITION OF caracal_outbox FOR VALUES IN ('published', 'dead')");
    }
    kind.check_every_outcome(database, 100);
    const auto stream = new_stream("shapes");
    kind.insert(database, "many", stream, 4000);
    const auto first = start_outboxd(kind.command({"--once", "--batch", "20"}), outboxd_environment(database));
    const auto second = start_outboxd(kind.command({"--once", "--batch", "20"}), outboxd_environment(database));
    CHECK_MESSAGE(first->wait(kDeadline) <= 1, first->err());
    CHECK_MESSAGE(second->wait(kDeadline) <= 1, second->err());
    CHECK(published(shared_redis().probe(), stream).each_once(4000));
    CHECK(kind.count(database, "id LIKE 'many%' AND attempts = 1 AND " + kind.published_condition()) == 4000);
  }
}

TEST_CASE("partitioned by hash, and partitions of partitions in another schema and order of columns") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    partition(database, kind, "HASH (id)", "(id)",
              "CREATE SCHEMA parts; CREATE TABLE parts.first PARTITION OF " + kind.table +
                  " FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE parts.second PARTITION OF " + kind.table +
                  " FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY HASH (id);"
                  "CREATE TABLE parts.third (filler int, LIKE " +
                  kind.table +
                  " INCLUDING DEFAULTS INCLUDING CONSTRAINTS); ALTER TABLE parts.third DROP COLUMN filler;"
                  "ALTER TABLE parts.second ATTACH PARTITION parts.third FOR VALUES WITH (MODULUS 1, REMAINDER 0)");
    kind.check_every_outcome(database, 200);
    CHECK(std::stoi(database.scalar("SELECT count(*) FROM parts.third")) > 0);
  }
}

TEST_CASE(
    "more columns: with defaults, generated, counted by the database, dropped ones, and no order of their own") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    database.exec(
        "ALTER TABLE " + kind.table +
        " ADD COLUMN tenant text NOT NULL DEFAULT 'none', ADD COLUMN gone int, ADD COLUMN number bigint"
        " GENERATED ALWAYS AS IDENTITY, ADD COLUMN failed boolean GENERATED ALWAYS AS (attempts > 1) STORED,"
        " ADD COLUMN size int GENERATED ALWAYS AS (octet_length(id)) STORED, ADD COLUMN \"Order\" text,"
        " ADD COLUMN payload jsonb DEFAULT '{}'");
    database.exec("ALTER TABLE " + kind.table + " DROP COLUMN gone");
    kind.check_every_outcome(database, 100);
    CHECK(kind.count(database, "tenant = 'none' AND number > 0 AND NOT failed AND size = octet_length(id)") == 104);
  }
}

TEST_CASE("row triggers: one changes the row, one writes an audit record, and one rounds our times") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const std::string lease = kind.table == "event_outbox" ? "locked_until" : "available_at";
    database.exec("ALTER TABLE " + kind.table +
                  " ADD COLUMN version int NOT NULL DEFAULT 0; CREATE TABLE record (id text, version int);"
                  "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                  " new.version := old.version + 1; new." +
                  lease + " := date_trunc('milliseconds', new." + lease +
                  "); RETURN new; END $$;"
                  "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                  " INSERT INTO record VALUES (new.id, new.version); RETURN NULL; END $$;"
                  "CREATE TRIGGER touch BEFORE UPDATE ON " +
                  kind.table + " FOR EACH ROW EXECUTE FUNCTION touch(); CREATE TRIGGER keep AFTER UPDATE ON " +
                  kind.table + " FOR EACH ROW EXECUTE FUNCTION keep()");
    kind.check_every_outcome(database, 100);
    // One record for the claim and one for the outcome.
    CHECK(kind.count(database, "id LIKE 'good%' AND version = 2") == 100);
    CHECK(database.scalar("SELECT count(*) FROM record WHERE id LIKE 'good%'") == "200");
  }
}

TEST_CASE(
    "a trigger that takes no notice of one row's updates: its neighbours go out, and it isn't sent again and again") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto stream = new_stream("shapes");
    kind.insert(database, "a", stream, 20);
    database.exec(
        "CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER ignore BEFORE UPDATE ON " +
        kind.table + " FOR EACH ROW WHEN (old.id = 'a000003') EXECUTE FUNCTION ignore()");
    const auto ended = run_outboxd(kind.command({"--once", "--timeout", "10s"}), outboxd_environment(database));
    CHECK_MESSAGE(kind.count(database, kind.published_condition()) == 19, ended.err);
    CHECK(published(shared_redis().probe(), stream).each_once(19));
  }
}

TEST_CASE("row-level security: the rows that a policy shows are published, the others are untouched") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto role = new_role(database, kind, "tenant");
    const auto stream = new_stream("shapes");
    kind.insert(database, "mine", stream, 50);
    kind.insert(database, "theirs", stream, 50);
    database.exec("ALTER TABLE " + kind.table + " ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON " + kind.table +
                  " TO " + role + " USING (id LIKE 'mine%')");
    const auto ended = kind.once(database, as_role(database, role));
    CHECK_MESSAGE(ended.status == 0, ended.err);
    CHECK(published(shared_redis().probe(), stream).each_once(50));
    CHECK(kind.count(database, "id LIKE 'mine%' AND attempts = 1 AND " + kind.published_condition()) == 50);
    CHECK(kind.count(database, "id LIKE 'theirs%' AND attempts = 0 AND NOT " + kind.published_condition()) == 50);
  }
}

TEST_CASE("row-level security without an effect on the role: a policy for all roles, one for a group, the owner") {
  const auto database = kEvents.database();
  const auto worker = new_role(database, kEvents, "worker");
  const auto member = new_role(database, kEvents, "member");
  const auto owner = new_role(database, kEvents, "owner");
  const auto group = "group_" + database.name;
  database.exec("CREATE ROLE " + group + "; GRANT " + group + " TO " + member +
                "; ALTER TABLE event_outbox ENABLE ROW LEVEL SECURITY; CREATE POLICY for_group ON event_outbox TO " +
                group + " USING (true); ALTER TABLE event_outbox OWNER TO " + owner);
  for (const auto& role : {member, owner}) {
    const auto stream = new_stream("shapes");
    insert_rows(database, role, stream, 10);
    const auto ended = kEvents.once(database, as_role(database, role));
    CHECK_MESSAGE(ended.status == 0, ended.err);
    CHECK(published(shared_redis().probe(), stream).each_once(10));
  }
  insert_rows(database, "a", new_stream("shapes"), 10);
  CHECK(kEvents.once(database, as_role(database, worker)).status == 2);
  database.exec("CREATE POLICY for_all ON event_outbox USING (true)");
  CHECK(once_counts(kEvents.once(database, as_role(database, worker)).out).published == 10);
}

TEST_CASE("if row-level security hides all rows from the role, the daemon reports it at the start") {
  for (const auto& kind : kKinds) {
    for (const std::string policy : {"", "FOR SELECT", "FOR UPDATE"}) {
      CAPTURE(kind.table);
      CAPTURE(policy);
      const auto database = kind.database();
      const auto role = new_role(database, kind, "blind");
      kind.insert(database, "a", new_stream("shapes"), 10);
      database.exec("ALTER TABLE " + kind.table + " ENABLE ROW LEVEL SECURITY");
      if (!policy.empty()) {
        database.exec("CREATE POLICY partly ON " + kind.table + " " + policy + " TO " + role + " USING (true)");
      }
      const auto ended = kind.once(database, as_role(database, role));
      CHECK(ended.status == 2);
      for (const auto& word : {std::string("row-level security"), kind.table, role}) {
        CHECK_MESSAGE(contains(ended.err, word), word, " is not in: ", ended.err);
      }
      CHECK(kind.count(database, "attempts = 0 AND NOT " + kind.published_condition()) == 10);
    }
  }
}

TEST_CASE("a partitioned table replaces a plain one: other rows with the same ctids are not touched") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const auto database = kind.database();
    const auto daemon = start_outboxd(kind.command({}), outboxd_environment(database));
    const auto done = new_stream("shapes");
    kind.insert(database, "done", done, 50);
    wait_until([&] { return kind.count(database, kind.published_condition()) == 50; });
    const std::string column = kind.table == "event_outbox" ? "stream_name" : "topic";
    database.exec("BEGIN; ALTER TABLE " + kind.table + " RENAME TO plain; CREATE TABLE " + kind.table +
                  " (LIKE plain INCLUDING DEFAULTS) PARTITION BY LIST (" + column +
                  "); CREATE TABLE done PARTITION OF " + kind.table + " FOR VALUES IN (" + literal(done) +
                  "); CREATE TABLE others PARTITION OF " + kind.table + " DEFAULT; INSERT INTO " + kind.table +
                  " SELECT * FROM plain; COMMIT");
    kind.insert(database, "due", new_stream("shapes"), 50);
    wait_until([&] { return kind.count(database, kind.published_condition()) == 100; });
    CHECK(published(shared_redis().probe(), done).each_once(50));
  }
}
