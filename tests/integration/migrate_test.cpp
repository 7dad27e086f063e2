// SPDX-License-Identifier: Apache-2.0
#include "migrate/migrator.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/statements.hpp"
#include "support/layout_statements.hpp"
#include "support/shared_servers.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <sstream>

using namespace outboxd::migrate;  // NOLINT(google-build-using-namespace): nearly all of it is used here
using outboxd::test::Database;
using outboxd::test::report_on_migrated;
using outboxd::test::Rows;
using outboxd::test::shared_postgres;
using outboxd::test::statements_of;
using outboxd::test::wait_until;
namespace postgres = outboxd::postgres;
namespace outbox_table = outboxd::outbox_table;

namespace {

std::vector<std::string> applied_names(pqxx::connection& connection) {
  std::vector<std::string> names;
  for (const auto& migration : Migrator(connection).apply()) names.push_back(full_name(migration));
  return names;
}

void migrate(const Database& database) {
  applied_names(*database.connect());
}

Rows columns_of(const Database& database, const std::string& table) {
  return database.rows(
      "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
      " WHERE table_name = '" +
      table + "' ORDER BY ordinal_position");
}

/// pg_indexes.indexdef without the index's own name.
std::multiset<std::string> indexes_of(const Database& database, const std::string& table) {
  std::multiset<std::string> found;
  for (const auto& row : database.rows("SELECT regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') FROM pg_indexes"
                                       " WHERE tablename = '" +
                                       table + "'")) {
    found.insert(row[0]);
  }
  return found;
}

std::multiset<std::string> constraints_of(const Database& database, const std::string& table) {
  std::multiset<std::string> found;
  for (const auto& row : database.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n' AND"
                                       " conrelid = '" +
                                       table + "'::regclass")) {
    found.insert(row[0]);
  }
  return found;
}

/// All parts of a database that a migration could change.
Rows whole_schema(const Database& database) {
  return database.rows(
      "SELECT c.oid, c.relname, c.relkind, c.relfilenode, c.xmin FROM pg_class c JOIN pg_namespace n"
      " ON n.oid = c.relnamespace WHERE n.nspname = 'public' ORDER BY 1");
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const MigrationError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("event_outbox is the contract's table") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  CHECK(columns_of(database, "event_outbox") == Rows{
                                                    {"id", "text", "NO", "NULL"},
                                                    {"stream_name", "text", "NO", "NULL"},
                                                    {"payload_json", "jsonb", "NO", "NULL"},
                                                    {"attempts", "integer", "NO", "0"},
                                                    {"available_at", "timestamp with time zone", "NO", "now()"},
                                                    {"locked_until", "timestamp with time zone", "YES", "NULL"},
                                                    {"locked_by", "text", "YES", "NULL"},
                                                    {"last_error", "text", "YES", "NULL"},
                                                    {"dispatched_at", "timestamp with time zone", "YES", "NULL"},
                                                    {"request_id", "text", "YES", "NULL"},
                                                    {"created_at", "timestamp with time zone", "NO", "now()"},
                                                });
  CHECK(database.rows("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'event_outbox' ORDER BY 1") ==
        Rows{{"event_outbox_dispatch_ready",
              "CREATE INDEX event_outbox_dispatch_ready ON public.event_outbox USING btree (available_at)"
              " WHERE (dispatched_at IS NULL)"},
             {"event_outbox_pkey", "CREATE UNIQUE INDEX event_outbox_pkey ON public.event_outbox USING btree (id)"},
             {"event_outbox_undispatched_age",
              "CREATE INDEX event_outbox_undispatched_age ON public.event_outbox USING btree (created_at)"
              " WHERE (dispatched_at IS NULL)"}});
  CHECK(constraints_of(database, "event_outbox") == std::multiset<std::string>{"PRIMARY KEY (id)"});
}

/// Of the files of SQL.
void run_file(pqxx::nontransaction& session, const std::string& name) {
  CAPTURE(name);
  // Generic plans are used as well.
  session.exec("SET plan_cache_mode = force_generic_plan");
  std::ostringstream file;
  file << std::ifstream{OUTBOXD_SOURCE_DIR "/tests/unit/sql/" + name}.rdbuf();
  CHECK_NOTHROW(session.exec(file.str()));
}

TEST_CASE(
    "the server takes and can plan every statement of the files of SQL, which hold what drives migrated tables") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  for (const auto& shape : {outbox_table::event_outbox_shape(), outbox_table::caracal_outbox_shape()}) {
    CAPTURE(shape.name);
    const auto connection = database.connect();
    {
      const postgres::StatementMode mode;
      postgres::PreparedStatements prepared;
      postgres::Statements statements{*connection, mode, prepared};
      const auto found = outbox_table::inspect_table(statements, shape.name, shape, 0);
      const auto sql = statements_of(outbox_table::make_layout(shape, outbox_table::with_facts({}, found)));
      const auto assumed = statements_of(
          outbox_table::make_layout(shape, outbox_table::with_facts({}, report_on_migrated(shape.name))));
      for (std::size_t i = 0; i < sql.size(); ++i) CHECK(sql[i].sql == assumed[i].sql);
    }
    pqxx::nontransaction session(*connection);
    run_file(session, shape.name + ".sql");
    CHECK(session.exec("SELECT count(*) >= 15 FROM pg_prepared_statements")[0][0].as<bool>());
  }
  for (const auto* name : {"event_outbox.streams.sql", "event_outbox.streams_indexed.sql", "dead.event_outbox.sql",
                           "dead.caracal_outbox.sql"}) {
    const auto connection = database.connect();
    pqxx::nontransaction session(*connection);
    run_file(session, name);
    CHECK(session.exec("SELECT count(*) >= 2 FROM pg_prepared_statements")[0][0].as<bool>());
  }
}

TEST_CASE("caracal_outbox is the contract's table") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  CHECK(columns_of(database, "caracal_outbox") == Rows{
                                                      {"id", "text", "NO", "NULL"},
                                                      {"producer", "text", "NO", "NULL"},
                                                      {"topic", "text", "NO", "NULL"},
                                                      {"dedupe_key", "text", "NO", "NULL"},
                                                      {"payload_json", "jsonb", "NO", "NULL"},
                                                      {"status", "text", "NO", "'pending'::text"},
                                                      {"attempts", "integer", "NO", "0"},
                                                      {"available_at", "timestamp with time zone", "NO", "now()"},
                                                      {"published_at", "timestamp with time zone", "YES", "NULL"},
                                                      {"created_at", "timestamp with time zone", "NO", "now()"},
                                                      {"updated_at", "timestamp with time zone", "NO", "now()"},
                                                  });
  CHECK(indexes_of(database, "caracal_outbox") ==
        std::multiset<std::string>{
            "CREATE UNIQUE INDEX ON public.caracal_outbox USING btree (id)",
            "CREATE UNIQUE INDEX ON public.caracal_outbox USING btree (producer, topic, dedupe_key)",
            "CREATE INDEX ON public.caracal_outbox USING btree (status, available_at)",
            "CREATE INDEX ON public.caracal_outbox USING btree (topic, status)"});
  CHECK(
      constraints_of(database, "caracal_outbox") ==
      std::multiset<std::string>{"PRIMARY KEY (id)", "UNIQUE (producer, topic, dedupe_key)",
                                 "CHECK ((producer = ANY (ARRAY['api'::text, 'coordinator'::text])))",
                                 "CHECK ((status = ANY (ARRAY['pending'::text, 'published'::text, 'dead'::text])))"});
  CHECK_THROWS(
      database.exec("INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json)"
                    " VALUES ('1', 'other', 't', 'd', '{}')"));
}

TEST_CASE("a second migrate finds everything applied and changes nothing, even without the right to write") {
  const auto database = shared_postgres().create_database();
  const auto connection = database.connect();
  CHECK(applied_names(*connection) == std::vector<std::string>{"0001_event_outbox", "0002_caracal_outbox"});
  const auto before = whole_schema(database);
  CHECK(applied_names(*connection).empty());
  CHECK(whole_schema(database) == before);
  {
    pqxx::nontransaction session(*connection);
    outboxd::postgres::exec(session, "SET default_transaction_read_only = on");
  }
  CHECK(applied_names(*connection).empty());
  CHECK(Migrator(*connection).dry_run_sql() ==
        "-- nothing to do: every migration that was asked for is already there\n");
}

TEST_CASE("an existing table is left as it is, with any names of its indexes") {
  const auto database = shared_postgres().create_database();
  database.exec(
      "CREATE TABLE event_outbox (id text PRIMARY KEY, available_at timestamptz);"
      "CREATE INDEX another_name ON event_outbox (available_at)");
  const auto before = database.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'event_outbox' ORDER BY 1");
  const auto connection = database.connect();
  const auto plan = Migrator(*connection).plan();
  CHECK(plan.at(0).already_there);
  CHECK_FALSE(plan.at(1).already_there);
  CHECK(applied_names(*connection) == std::vector<std::string>{"0002_caracal_outbox"});
  CHECK(database.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'event_outbox' ORDER BY 1") == before);
  CHECK(columns_of(database, "event_outbox").size() == 2);
}

TEST_CASE("tables are made in the current schema") {
  const auto database = shared_postgres().create_database();
  database.exec("CREATE SCHEMA app; ALTER DATABASE " + database.name + " SET search_path = app");
  migrate(database);
  CHECK(
      database.rows("SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name LIKE '%outbox'") ==
      Rows{{"app"}});
}

TEST_CASE("of several migrators at the same time one works, and the others find it done") {
  const auto database = shared_postgres().create_database();
  std::vector<std::future<std::vector<std::string>>> runs;
  for (int i = 0; i < 4; ++i) {
    runs.push_back(std::async(std::launch::async, [&database] { return applied_names(*database.connect()); }));
  }
  std::multiset<std::string> applied;
  for (auto& run : runs) {
    const auto names = run.get();
    applied.insert(names.begin(), names.end());
  }
  CHECK(applied == std::multiset<std::string>{"0001_event_outbox", "0002_caracal_outbox"});
}

TEST_CASE("a migrator that had to wait sees the changes of the other one") {
  const auto database = shared_postgres().create_database();
  const std::array slow{Migration{1, "slow", "to_regclass('t') IS NOT NULL",
                                  "CREATE TABLE t (); SELECT pg_advisory_xact_lock(42)", "", true}};
  const MigratorOptions patient{std::chrono::seconds(60), std::chrono::seconds(60)};
  const auto run = [&] {
    return std::async(std::launch::async,
                      [&] { return Migrator(*database.connect(), slow, patient).apply().size(); });
  };
  const auto count_is_one = [&database](const std::string& what) {
    wait_until([&] { return database.scalar("SELECT count(*) FROM " + what) == "1"; }, std::chrono::seconds(20),
               what);
  };
  const auto connection = database.connect();
  pqxx::nontransaction holder(*connection);
  outboxd::postgres::exec(holder, "SELECT pg_advisory_lock(42)");
  auto first = run();
  count_is_one("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
  auto second = run();
  count_is_one(
      "pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
      " AND query LIKE 'SELECT pg_catalog.pg_try_advisory_xact_lock%'");
  outboxd::postgres::exec(holder, "SELECT pg_advisory_unlock(42)");
  CHECK(first.get() == 1);
  CHECK(second.get() == 0);
}

TEST_CASE("a migrator that another one blocks gives up and says why") {
  const auto database = shared_postgres().create_database();
  const std::array slow{
      Migration{1, "slow", "to_regclass('t') IS NOT NULL", "CREATE TABLE t (); SELECT pg_sleep(600)", "", true}};
  const auto first = database.connect();
  auto running = std::async(std::launch::async, [&] { return error_of([&] { Migrator(*first, slow).apply(); }); });
  wait_until([&database] {
    return database.scalar(
               "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
               " AND granted AND database = (SELECT oid FROM pg_database WHERE"
               " datname = current_database())") == "1";
  });
  const auto second = database.connect();
  const MigratorOptions impatient{std::chrono::milliseconds(100), std::chrono::milliseconds(100)};
  const auto error = error_of([&] { Migrator(*second, slow, impatient).apply(); });
  CHECK(error.starts_with("another migration of this database is still running"));
  CHECK(error.find("(process " + std::to_string(first->backendpid()) + ")") != std::string::npos);
  database.exec(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
      " AND datname = current_database()");
  CHECK(running.get().starts_with("migration 0001_slow could not be applied: canceling statement"));
  CHECK(database.scalar("SELECT to_regclass('t') IS NULL") == "t");
}

TEST_CASE("the dry run shows what is pending, changes nothing, and psql could run it") {
  const auto database = shared_postgres().create_database();
  const auto connection = database.connect();
  const auto sql = Migrator(*connection).dry_run_sql();
  CHECK(sql.find("-- 0001_event_outbox\nBEGIN;\n") != std::string::npos);
  CHECK(sql.find("-- 0002_caracal_outbox\nBEGIN;\n") != std::string::npos);
  CHECK(whole_schema(database).empty());
  CHECK(sql == outboxd::migrate::render_sql(wanted_of(outboxd::migrate::migrations(), {})));
  {
    pqxx::nontransaction session(*connection);
    outboxd::postgres::exec(session, sql);
  }
  CHECK(applied_names(*connection).empty());
}

TEST_CASE("an optional migration is applied by its flag, and can be reverted by itself") {
  const auto database = shared_postgres().create_database();
  const auto connection = database.connect();
  Migrator migrator(*connection, outboxd::migrate::migrations(), {.wanted = {"wake-ups"}});
  CHECK(migrator.dry_run_sql().find("CREATE TRIGGER outboxd_wake_up") != std::string::npos);
  CHECK(migrator.apply().size() == 3);
  const std::string triggers = "SELECT count(*) FROM pg_trigger WHERE tgname = 'outboxd_wake_up'";
  CHECK(database.scalar(triggers) == "2");
  CHECK(migrator.apply().empty());
  // A trigger that outboxd can't work with.
  database.exec(
      "DROP TRIGGER outboxd_wake_up ON event_outbox; CREATE TRIGGER outboxd_wake_up AFTER INSERT ON "
      "event_outbox FOR EACH STATEMENT EXECUTE FUNCTION outboxd_wake_up()");
  CHECK(migrator.apply().size() == 1);
  CHECK(migrator.apply().empty());
  // As after a dump was restored under other names.
  database.exec("ALTER TABLE event_outbox RENAME TO moved; INSERT INTO moved VALUES ('1', 's', '{}')");
  database.exec("ALTER TABLE moved RENAME TO event_outbox; DELETE FROM event_outbox");
  // If a part was dropped, reverting drops the rest.
  database.exec("DROP TRIGGER outboxd_wake_up ON event_outbox");
  CHECK(migrator.revert(3));
  CHECK(database.scalar(triggers) == "0");
  CHECK(database.scalar("SELECT count(*) FROM pg_proc WHERE proname = 'outboxd_wake_up'") == "0");
  CHECK(migrator.revert(3));
  CHECK(outboxd::migrate::render_down_sql(outboxd::migrate::migrations(), 3).find("DROP TRIGGER") !=
        std::string::npos);
  CHECK(applied_names(*connection).empty());
}

TEST_CASE("a function that another role owns is not replaced") {
  const auto database = shared_postgres().create_database();
  const auto stranger = "stranger_" + database.name;
  database.exec("GRANT ALL ON SCHEMA public TO public; CREATE ROLE " + stranger + "; SET ROLE " + stranger +
                "; CREATE FUNCTION outboxd_wake_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
  const auto connection = database.connect();
  Migrator migrator(*connection, outboxd::migrate::migrations(), {.wanted = {"wake-ups"}});
  const auto error = error_of([&] { migrator.apply(); });
  CHECK_MESSAGE(error.find("outboxd_wake_up() is there already, and belongs to another role") != std::string::npos,
                error);
  database.exec("DROP FUNCTION outboxd_wake_up()");
  CHECK(migrator.apply().size() == 1);
}

TEST_CASE("the tuning changes only unset parameters, blocks no session, and its revert resets just those") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  const auto options = [&database] {
    return database.scalar(
        "SELECT string_agg(relname || ' ' || reloptions::text, ', ' ORDER BY relname) FROM pg_class WHERE relname "
        "LIKE "
        "'event_outbox%' AND reloptions IS NOT NULL");
  };
  const auto writer = database.connect();
  pqxx::work transaction(*writer);
  outboxd::postgres::exec(transaction,
                          "INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('1', 's', '{}')");
  const auto connection = database.connect();
  Migrator migrator(*connection, outboxd::migrate::migrations(), {.wanted = {"tune"}});
  CHECK(migrator.apply().size() == 1);
  transaction.commit();
  CHECK(options() == "event_outbox {fillfactor=45}, event_outbox_pkey {fillfactor=45}");
  CHECK(migrator.apply().empty());
  CHECK(migrator.revert(4));
  CHECK(options() == "NULL");
  database.exec("ALTER TABLE event_outbox SET (fillfactor = 80)");
  CHECK(migrator.apply().size() == 1);
  CHECK(options() == "event_outbox {fillfactor=80}, event_outbox_pkey {fillfactor=45}");
  CHECK(migrator.revert(4));
  CHECK(options() == "event_outbox {fillfactor=80}");
}

TEST_CASE("a migration waits for a locked table, and lets other sessions run meanwhile") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  const auto reader = database.connect();
  auto holder = std::make_unique<pqxx::work>(*reader);
  outboxd::postgres::exec(*holder, "LOCK TABLE event_outbox IN ROW EXCLUSIVE MODE");
  auto migration = std::async(std::launch::async, [&database] {
    const auto connection = database.connect();
    return Migrator(*connection, outboxd::migrate::migrations(),
                    {.lock_timeout = std::chrono::milliseconds(50), .wanted = {"wake-ups"}})
        .apply()
        .size();
  });
  const std::string waits = "SELECT count(*) FROM pg_locks WHERE relation = 'event_outbox'::regclass AND NOT granted";
  for (int i = 0; i < 3; ++i) {
    wait_until([&] { return database.scalar(waits) == "1"; });
    database.exec("INSERT INTO event_outbox (id, stream_name, payload_json) VALUES (gen_random_uuid(), 's', '{}')");
  }
  holder.reset();
  CHECK(migration.get() == 1);
}

TEST_CASE("down drops an empty or completely published table, and no other table") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, dispatched_at) VALUES ('1', 's', '{}', now())");
  const auto connection = database.connect();
  Migrator migrator(*connection);
  CHECK(migrator.revert(1));
  CHECK(database.scalar("SELECT to_regclass('event_outbox') IS NULL") == "t");
  CHECK(database.scalar("SELECT to_regclass('caracal_outbox') IS NOT NULL") == "t");
  CHECK_FALSE(migrator.revert(1));
  CHECK(migrator.revert(2));
  CHECK(error_of([&] { migrator.revert(999); }).starts_with("there is no migration 999"));
}

TEST_CASE("down refuses while rows are unpublished, and says how many") {
  const auto database = shared_postgres().create_database();
  migrate(database);
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) VALUES ('1', 's', '{}', now()),"
      " ('2', 's', '{}', 'infinity');"
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status)"
      " VALUES ('1', 'api', 't', 'd', '{}', 'dead')");
  const auto connection = database.connect();
  Migrator migrator(*connection);
  const auto event = error_of([&] { migrator.revert(1); });
  CHECK(
      event.starts_with("migration 0001_event_outbox could not be reverted: event_outbox still holds 2 unpublished"));
  CHECK(event.find("outboxd --once") != std::string::npos);
  const auto caracal = error_of([&] { migrator.revert(2); });
  CHECK(caracal.find("caracal_outbox still holds 1 unpublished") != std::string::npos);
  CHECK(database.scalar("SELECT count(*) FROM event_outbox") == "2");
}

TEST_CASE("the error for a role that may not create tables says so") {
  const auto database = shared_postgres().create_database();
  database.exec("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE plain_" + database.name + " LOGIN");
  const auto connection =
      outboxd::postgres::open_connection(shared_postgres().conninfo(database.name, "plain_" + database.name));
  CHECK(error_of([&] { Migrator(*connection).apply(); }) ==
        "migration 0001_event_outbox could not be applied: permission denied for schema public: run it as a role that"
        " may create tables in the current schema, and that owns those that are there");
}

TEST_CASE("a migration that fails half-way leaves nothing behind") {
  const auto database = shared_postgres().create_database();
  const std::array broken{
      Migration{1, "broken", "to_regclass('t') IS NOT NULL", "CREATE TABLE t (); SELECT 1/0", "", true}};
  const auto connection = database.connect();
  CHECK(error_of([&] {
          Migrator(*connection, broken).apply();
        }).starts_with("migration 0001_broken could not be applied: division by zero"));
  CHECK(whole_schema(database).empty());
}

TEST_CASE("a migration that can't run in a transaction runs outside one, and releases its lock") {
  const auto database = shared_postgres().create_database();
  database.exec("CREATE TABLE t (a int)");
  const std::array apart{Migration{3, "apart", "to_regclass('i') IS NOT NULL", "CREATE INDEX CONCURRENTLY i ON t (a)",
                                   "DROP INDEX i", false}};
  const auto connection = database.connect();
  CHECK(Migrator(*connection, apart).apply().size() == 1);
  CHECK(Migrator(*connection, apart).apply().empty());
  CHECK(database.scalar("SELECT to_regclass('i') IS NOT NULL") == "t");
  CHECK(database.scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                        " (SELECT oid FROM pg_database WHERE datname = current_database())") == "0");
}

TEST_CASE("an invalid index of an earlier attempt is replaced") {
  const auto database = shared_postgres().create_database();
  const auto connection = database.connect();
  CHECK(Migrator(*connection).apply().size() == 2);
  const auto other = database.connect();
  {
    pqxx::work holder(*other);
    outboxd::postgres::exec(holder,
                            "INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('1', 's', '{}')");
    Migrator hurried(*connection, outboxd::migrate::migrations(),
                     {.lock_patience = std::chrono::milliseconds(300), .wanted = {"stream-index"}});
    CHECK(error_of([&] { hurried.apply(); }).starts_with("migration 0005_event_outbox_stream_index could not be"));
    holder.commit();
  }
  Migrator patient(*connection, outboxd::migrate::migrations(), {.wanted = {"stream-index"}});
  CHECK(patient.apply().size() == 1);
  CHECK(patient.apply().empty());
  CHECK(database.scalar("SELECT indisvalid FROM pg_index WHERE indexrelid = 'event_outbox_stream_ready'::regclass") ==
        "t");
  CHECK(patient.revert(5));
  CHECK(database.scalar("SELECT to_regclass('event_outbox_stream_ready') IS NULL") == "t");
}

TEST_CASE("a migration may take longer than the connection's statement_timeout, which is restored afterwards") {
  const auto database = shared_postgres().create_database();
  const auto connection =
      outboxd::postgres::open_connection(database.conninfo + " options='-c statement_timeout=1s'");
  const std::array slow{
      Migration{1, "slow", "to_regclass('t') IS NOT NULL", "SELECT pg_sleep(1.5); CREATE TABLE t (a int)", "", true},
      Migration{2, "apart", "to_regclass('i') IS NOT NULL", "CREATE INDEX CONCURRENTLY i ON t (a)", "", false}};
  CHECK(Migrator(*connection, slow).apply().size() == 2);
  pqxx::nontransaction session(*connection);
  CHECK(outboxd::postgres::text_of(outboxd::postgres::exec(session, "SHOW statement_timeout")[0][0]) == "1s");
  CHECK(outboxd::postgres::text_of(outboxd::postgres::exec(session, "SHOW lock_timeout")[0][0]) == "0");
}
