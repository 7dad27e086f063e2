// SPDX-License-Identifier: Apache-2.0
// Triggers, policies and constraints of the table's owner may use names without a schema, which must be looked up in
// the search_path of the dispatcher's role, although our own statements look no name up there.
#include "support/caracal_table.hpp"
#include "support/private_pgbouncer.hpp"
#include "support/published.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// A schema in the role's path, with both tables and with triggers, policies and constraints on them.
constexpr const char* kApplication = R"sql(
CREATE SCHEMA app;
ALTER TABLE public.event_outbox SET SCHEMA app;
ALTER TABLE public.caracal_outbox SET SCHEMA app;
SET search_path = app;
CREATE TABLE audit (what text, path text);
CREATE TABLE allowed (yes boolean);
INSERT INTO allowed VALUES (true);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit VALUES (TG_TABLE_NAME || ' ' || TG_WHEN || ' ' || TG_LEVEL || ' ' || TG_NAME,
                            current_setting('search_path'));
  RETURN NEW;
END $$;
CREATE FUNCTION is_allowed(id text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT yes FROM allowed);
END $$;
CREATE FUNCTION is_fine(id text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit VALUES ('check', current_setting('search_path'));
  RETURN (SELECT yes FROM allowed);
END $$;
CREATE FUNCTION length_of(id text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT length(id) FROM allowed);
END $$;
)sql";

constexpr const char* kOnEachTable = R"sql(
SET search_path = app;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER before_statement BEFORE INSERT OR UPDATE ON {t} FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER after_statement AFTER INSERT OR UPDATE ON {t} FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT OR UPDATE ON {t} DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE {t} ADD CONSTRAINT fine CHECK (is_fine(id));
ALTER TABLE {t} ADD COLUMN size int GENERATED ALWAYS AS (length_of(id)) STORED;
ALTER TABLE {t} ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON {t} USING (is_allowed(id));
)sql";

std::string for_table(std::string sql, const std::string& table) {
  for (auto at = sql.find("{t}"); at != std::string::npos; at = sql.find("{t}")) sql.replace(at, 3, table);
  return sql;
}

/// A database with such tables, and a role with only the rights that it needs.
struct Watched {
  Database direct = shared_postgres().create_database();
  std::string role = "watched_" + direct.name;
  std::unique_ptr<PrivatePgbouncer> pgbouncer{};
  Environment environment;

  explicit Watched(bool pooled) {
    create_contract_table(direct);
    create_caracal_table(direct);
    direct.exec(kApplication);
    for (const auto* table : {"event_outbox", "caracal_outbox"}) direct.exec(for_table(kOnEachTable, table));
    direct.exec("CREATE ROLE " + role + " LOGIN; GRANT USAGE ON SCHEMA app TO " + role +
                "; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA app TO " + role + "; ALTER ROLE " + role +
                " SET search_path = app, public");
    auto database = direct;
    if (pooled) {
      pgbouncer = std::make_unique<PrivatePgbouncer>(shared_postgres(), role);
      database = pgbouncer->through(direct);
    } else {
      database.url = shared_postgres().url(direct.name, role);
    }
    environment = outboxd_environment(database);
  }

  void check_paths(const std::vector<std::string>& seen) const {
    CHECK(direct.rows("SELECT DISTINCT path FROM app.audit") == Rows{{"app, public"}});
    for (const auto& what : seen) {
      CHECK_MESSAGE(direct.scalar("SELECT count(*) > 0 FROM app.audit WHERE what = " + literal(what)) == "t", what);
    }
    direct.exec("TRUNCATE app.audit");
  }
};

std::vector<std::string> all_triggers(const std::string& table) {
  std::vector<std::string> names;
  for (const auto* trigger : {"BEFORE ROW before_row", "AFTER ROW after_row", "BEFORE STATEMENT before_statement",
                              "AFTER STATEMENT after_statement", "AFTER ROW deferred"}) {
    names.push_back(table + " " + trigger);
  }
  return names;
}

}  // namespace

TEST_CASE("triggers, policies and constraints find names without a schema in the role's own path") {
  for (const bool pooled : {false, true}) {
    CAPTURE(pooled);
    const Watched watched(pooled);
    const auto stream = new_stream("own-path");
    auto seen = all_triggers("event_outbox");
    const auto enqueued = run_outboxd({"enqueue", stream, "a=1"}, watched.environment);
    CHECK_MESSAGE(enqueued.status == 0, enqueued.err);
    seen.emplace_back("check");
    watched.check_paths(seen);
    watched.direct.exec(
        "SET search_path = app; INSERT INTO event_outbox (id, stream_name, payload_json) SELECT 'e' || n, " +
        literal(stream) + ", '{}' FROM generate_series(1, 100) AS n");
    watched.direct.exec("TRUNCATE app.audit");
    watched.direct.exec(
        "SET search_path = app; INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('dead', " +
        literal(stream) + ", '[]')");
    watched.direct.exec("TRUNCATE app.audit");
    const auto once = run_outboxd({"--once"}, watched.environment);
    CHECK_MESSAGE(once.status == 1, once.err);
    watched.check_paths(seen);
    CHECK(published(shared_redis().probe(), stream).each_once(101));
    const auto status = run_outboxd({"status"}, watched.environment);
    // For the dead row.
    CHECK_MESSAGE(status.status == 1, status.out, status.err);
    CHECK(contains(status.out, "event_outbox        0"));
    CHECK(run_outboxd({"dead", "list"}, watched.environment).status == 0);
    const auto requeued = run_outboxd({"dead", "requeue", "--all", "--yes"}, watched.environment);
    CHECK_MESSAGE(requeued.status == 0, requeued.err);
    watched.check_paths(seen);
    watched.direct.exec("SET search_path = app; UPDATE event_outbox SET available_at = 'infinity' WHERE id = 'dead'");
    watched.direct.exec("TRUNCATE app.audit");
    const TempDir folder;
    const auto discarded =
        run_outboxd({"dead", "discard", "--all", "--yes", "--reason", "r", "--export", (folder / "rows").string()},
                    watched.environment);
    CHECK_MESSAGE(discarded.status == 0, discarded.out, discarded.err);
    watched.check_paths(seen);

    const auto topic = new_stream("own-path");
    watched.direct.exec(
        "SET search_path = app; INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json) SELECT "
        "'c' "
        "|| n, 'coordinator', " +
        literal(topic) + ", n::text, CASE n WHEN 7 THEN '[]'::jsonb ELSE '{}' END FROM generate_series(1, 100) AS n");
    watched.direct.exec("TRUNCATE app.audit");
    const auto caracal = run_outboxd(for_caracal_table({"--once"}), watched.environment);
    CHECK_MESSAGE(caracal.status == 1, caracal.err);
    seen = all_triggers("caracal_outbox");
    seen.emplace_back("check");
    watched.check_paths(seen);
    CHECK(published(shared_redis().probe(), topic).each_once(99));
  }
}

TEST_CASE("an id of an extension's type is compared by that type's rules, and found by its index") {
  const auto database = shared_postgres().create_database();
  create_contract_table(database);
  database.exec(
      "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; ALTER TABLE event_outbox ALTER id TYPE ext.citext");
  const auto stream = new_stream("citext");
  insert_rows(database, "Row-", stream, 1000);
  const auto once = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK_MESSAGE(once.status == 0, once.err);
  CHECK(published(shared_redis().probe(), stream).each_once(1000));
  // By the primary key; a comparison as text would have scanned the table.
  CHECK(database.scalar(
            "SELECT sum(idx_scan) > 0 FROM pg_stat_user_indexes WHERE indexrelname = 'event_outbox_pkey'") == "t");
}

TEST_CASE("at start it warns of a role with more rights than it needs") {
  const auto database = contract_database();
  const auto superuser = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(contains(superuser.err, "role postgres is a superuser"));
  CHECK(contains(superuser.err, "deploy/SECURITY.md"));
  const auto role = "owner_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; ALTER TABLE event_outbox OWNER TO " + role);
  const auto environment =
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}});
  const auto owner = run_outboxd({"--once"}, environment);
  CHECK(owner.status == 0);
  CHECK(contains(owner.err, "role " + role + " owns the table \"event_outbox\""));
  database.exec("ALTER TABLE event_outbox OWNER TO postgres; GRANT SELECT, UPDATE ON event_outbox TO " + role);
  const auto least = run_outboxd({"--once"}, environment);
  CHECK(least.status == 0);
  CHECK_FALSE(contains(least.err, "owns the table"));
  CHECK_FALSE(contains(least.err, "superuser"));
}
