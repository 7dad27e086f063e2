// SPDX-License-Identifier: Apache-2.0
// The table is altered under a running daemon.
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

struct Kind {
  std::string table;
  std::string stream_column;
  std::string settled;
  std::vector<std::string> flags;
};

const std::vector<Kind> kKinds{
    {"event_outbox", "stream_name", "dispatched_at IS NOT NULL AND attempts = 1", {"run"}},
    {"caracal_outbox", "topic", "status = 'published' AND attempts = 1", for_caracal_table({"run"})}};

/// A daemon on one kind of table, and rows whose ids are valid for every type that accepts the text of a uuid.
struct World {
  Kind kind;
  PrivateRedis redis{};
  Database database = shared_postgres().create_database();
  std::string stream = new_stream("changed");
  std::unique_ptr<Child> outboxd{};
  std::uint16_t port = 0;
  int rows = 0;

  explicit World(Kind which) : kind(std::move(which)) {
    create_contract_table(database);
    create_caracal_table(database);
    auto command = kind.flags;
    command.insert(command.end(), {"--poll-interval", "20ms", "--batch", "10", "--lease", "60s", "--redis-timeout",
                                   "20s", "--http-listen", "127.0.0.1:0"});
    outboxd = start_outboxd(command, outboxd_environment(database, redis));
    port = http_port(*outboxd);
  }

  void insert(int count) {
    const auto more = kind.table == "caracal_outbox" ? ", producer, dedupe_key" : "";
    const auto values = kind.table == "caracal_outbox" ? ", 'coordinator', gen_random_uuid()::text" : "";
    database.exec("INSERT INTO " + kind.table + " (id, " + kind.stream_column + ", payload_json" + more +
                  ") SELECT gen_random_uuid(), '" + stream + "', '{}'" + values + " FROM generate_series(1, " +
                  std::to_string(count) + ")");
    rows += count;
  }
  void wait_until_settled() const {
    wait_until(
        [&] {
          return database.scalar("SELECT count(*) FROM " + kind.table + " WHERE " + kind.settled) ==
                 std::to_string(rows);
        },
        std::chrono::seconds(20), "all rows to be settled");
  }
  /// Changes the table while a batch is claimed and not yet sent; that batch and later rows must be settled.
  void change_in_flight(const std::string& sql) {
    wait_until_settled();
    redis.probe().command("CLIENT", "PAUSE", "60000", "WRITE");
    insert(30);
    const auto leased = kind.table == "event_outbox" ? "locked_until > now()" : "available_at > now()";
    wait_until([&] { return database.scalar("SELECT count(*) > 0 FROM " + kind.table + " WHERE " + leased) == "t"; });
    database.exec(sql);
    redis.probe().command("CLIENT", "UNPAUSE");
    wait_until_settled();
    insert(30);
    wait_until_settled();
    CHECK(published(redis.probe(), stream).each_once(static_cast<std::size_t>(rows)));
    wait_until([&] { return http_get(port, "/readyz").status == 200; });
  }
};

}  // namespace

TEST_CASE("the type of the id changes twice under a running daemon") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    World world(kind);
    world.insert(30);
    for (const auto* type : {"uuid USING id::uuid", "varchar(60)", "uuid USING id::uuid", "text"}) {
      CAPTURE(type);
      world.change_in_flight("ALTER TABLE " + kind.table + " ALTER id TYPE " + type);
    }
  }
}

TEST_CASE("a quarantined id is invalid for the column's new type: other rows are claimed nevertheless") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    World world(kind);
    world.insert(30);
    world.wait_until_settled();
    const std::string more = kind.table == "caracal_outbox" ? ", producer, dedupe_key" : "";
    const std::string values = kind.table == "caracal_outbox" ? ", 'coordinator', 'evt'" : "";
    world.database.exec(
        "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id::text = 'evt-12' THEN RAISE"
        " EXCEPTION 'not this row'; END IF; RETURN NEW; END $$; CREATE TRIGGER judge BEFORE UPDATE ON " +
        kind.table + " FOR EACH ROW EXECUTE FUNCTION judge(); INSERT INTO " + kind.table + " (id, " +
        kind.stream_column + ", payload_json" + more + ") VALUES ('evt-12', '" + world.stream + "', '{}'" + values +
        ")");
    world.insert(30);
    world.wait_until_settled();
    wait_until([&] { return contains(world.outboxd->err(), "row evt-12: it can't be claimed"); });
    // The trigger stays, although its cached plans on our connections fail after the change.
    world.database.exec("DELETE FROM " + kind.table + " WHERE id = 'evt-12'; ALTER TABLE " + kind.table +
                        " ALTER id TYPE uuid USING id::uuid");
    for (int i = 0; i < 3; ++i) {
      world.insert(30);
      world.wait_until_settled();
    }
    CHECK(http_get(world.port, "/readyz").status == 200);
  }
}

TEST_CASE("a partitioned table with the same rows replaces a plain one") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    World world(kind);
    world.insert(30);
    const auto& t = kind.table;
    world.change_in_flight(
        "BEGIN; LOCK TABLE " + t + "; ALTER TABLE " + t + " RENAME TO plain; CREATE TABLE " + t +
        " (LIKE plain INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY HASH (id); CREATE TABLE " + t +
        "_0 PARTITION OF " + t + " FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE " + t + "_1 PARTITION OF " +
        t + " FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO " + t +
        " SELECT * FROM plain; DROP TABLE plain; COMMIT");
  }
}

TEST_CASE(
    "a table of the same name in an earlier schema of the search path doesn't take the place of the one at work") {
  World world({"public.event_outbox", "stream_name", kKinds.front().settled, kKinds.front().flags});
  world.insert(30);
  world.wait_until_settled();
  // The search path begins with the role's own name. As the type of the id differs, the table is looked up at once.
  world.database.exec(
      "CREATE SCHEMA postgres; CREATE TABLE postgres.event_outbox (LIKE public.event_outbox INCLUDING ALL);"
      " INSERT INTO postgres.event_outbox (id, stream_name, payload_json) VALUES ('forged', 'forged', '{}');"
      " ALTER TABLE public.event_outbox ALTER id TYPE uuid USING id::uuid");
  world.insert(30);
  world.wait_until_settled();
  CHECK(published(world.redis.probe(), world.stream).each_once(60));
  CHECK(world.database.scalar("SELECT count(*) FROM postgres.event_outbox WHERE attempts > 0") == "0");
}

TEST_CASE("a column is renamed: readiness names it until it is back") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    World world(kind);
    world.insert(30);
    world.wait_until_settled();
    wait_until([&] { return http_get(world.port, "/readyz").status == 200; });
    world.database.exec("ALTER TABLE " + kind.table + " RENAME payload_json TO elsewhere");
    wait_until([&] {
      const auto answer = http_get(world.port, "/readyz");
      return answer.status == 503 && contains(answer.body, "can't be used as it is") &&
             contains(answer.body, "lacks the column(s) payload_json");
    });
    world.database.exec("ALTER TABLE " + kind.table + " RENAME elsewhere TO payload_json");
    world.insert(30);
    world.wait_until_settled();
    wait_until([&] { return http_get(world.port, "/readyz").status == 200; });
    CHECK(published(world.redis.probe(), world.stream).each_once(60));
  }
}
