// SPDX-License-Identifier: Apache-2.0
// A role that may create objects in a schema of our role's search path must not make our statements run them: neither
// objects that match the arguments better than pg_catalog's, nor objects in a schema that comes before it.
#include "migrate/embedded_migrations.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/hostile_schema.hpp"
#include "support/layout_statements.hpp"
#include "support/private_pgbouncer.hpp"
#include "support/published.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <regex>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

const std::vector<std::string> kQuick{"--poll-interval", "20ms"};

std::vector<std::string> quick(std::vector<std::string> words) {
  words.insert(words.end(), kQuick.begin(), kQuick.end());
  return words;
}

/// A role with the rights that each command needs, and a database with both tables.
struct World {
  PrivatePostgres& server;
  Database direct = server.create_database();
  std::string role = "worker_" + direct.name;
  PrivatePgbouncer pgbouncer;

  explicit World(PrivatePostgres& postgres) : server(postgres), pgbouncer(make(postgres)) {}

  [[nodiscard]] Environment environment(bool pooled) const {
    auto database = direct;
    database.url = pooled ? pgbouncer.through(direct).url : server.url(direct.name, role);
    return outboxd_environment(database);
  }

 private:
  PrivatePgbouncer make(PrivatePostgres& postgres) {
    direct.exec("CREATE ROLE " + role + " LOGIN; GRANT ALL ON SCHEMA public TO " + role + "; ALTER ROLE " + role +
                " SET search_path = public, outer_space, pg_catalog; ALTER ROLE postgres IN DATABASE " + direct.name +
                " SET search_path = pg_catalog");
    return PrivatePgbouncer(postgres, role);
  }
};

/// Runs each command for dead rows, of which there are some.
void go_through_dead_rows(const Environment& environment, const std::string& id) {
  const TempDir folder;
  const std::string file = (folder.path() / "discarded").string();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"dead", "list", "--older-than", "1ms", "--newer-than", "1d"},
           {"dead", "show", id, "--payload"},
           {"dead", "requeue", "--id", id, "--wait", "--yes"},
           {"dead", "discard", "--id", id, "--yes", "--reason", "r", "--export", file}}) {
    for (const bool caracal : {false, true}) {
      auto command = words;
      if (words[1] == "discard") command.back() += caracal ? "-caracal" : "-event";
      const auto finished = run_outboxd(caracal ? for_caracal_table(command) : command, environment);
      CHECK_MESSAGE(finished.status <= 1, finished.out, finished.err);
    }
  }
}

/// Runs each command of outboxd that uses a database.
void go_all_ways(const World& world, bool pooled, bool hostile) {
  const auto environment = world.environment(pooled);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"migrate", "--wake-ups", "--tune"}, {"migrate", "--wake-ups", "--tune"}, {"migrate", "--dry-run"}}) {
    const auto migrated = run_outboxd(command, environment);
    CHECK_MESSAGE(migrated.status == 0, migrated.err);
  }
  const auto stream = new_stream("captured");
  const auto enqueued = run_outboxd({"enqueue", stream, "a=1"}, environment);
  CHECK_MESSAGE(enqueued.status == 0, enqueued.err);
  CHECK(run_outboxd({"enqueue", stream}, environment, R"({"a":"\u0000"})").status == 2);
  world.direct.exec(
      "INSERT INTO public.event_outbox (id, stream_name, payload_json) SELECT '" + stream + "' || n, '" + stream +
      "', CASE n WHEN 7 THEN '[]' ELSE '{}' END::jsonb FROM generate_series(1, 200) AS n;"
      "INSERT INTO public.event_outbox (id, stream_name, payload_json, attempts, locked_by, locked_until) VALUES "
      "('dead " +
      stream + "', '" + stream +
      "', '{}', 3, 'outboxd:gone', now() + interval '1 hour');"
      "INSERT INTO public.event_outbox (id, stream_name, payload_json, attempts, locked_by, locked_until) VALUES "
      "('suspect " +
      stream + "', '" + stream +
      "', '{}', 3, 'outboxd:gone', now() - interval '1 hour');"
      "INSERT INTO public.caracal_outbox (id, producer, topic, dedupe_key, payload_json) SELECT '" +
      stream + "' || n, 'coordinator', '" + stream + "', '" + stream +
      "' || n, CASE n WHEN 7 THEN '[]' ELSE '{}' END::jsonb FROM generate_series(1, 200) AS n");
  const auto expected = pooled ? "201" : "202";
  const auto events = start_outboxd(quick({"run", "--batch", "10"}), environment);
  const auto caracal = start_outboxd(quick(for_caracal_table({"run", "--batch", "10"})), environment);
  const auto settled = [&](const std::string& table, const std::string& condition) {
    return world.direct.scalar("SELECT count(*) FROM public." + table + " WHERE " + condition);
  };
  wait_until(
      [&] {
        return settled("event_outbox", "stream_name = '" + stream + "' AND dispatched_at IS NOT NULL") >= expected &&
               settled("caracal_outbox", "topic = '" + stream + "' AND status = 'published'") == "199";
      },
      std::chrono::seconds(60), "all rows to be published");
  CHECK(run_outboxd({"status"}, environment).status <= 1);
  CHECK(run_outboxd(for_caracal_table({"status"}), environment).status <= 1);
  go_through_dead_rows(environment, stream + "7");
  for (const auto& outboxd : {events.get(), caracal.get()}) {
    outboxd->signal(SIGTERM);
    CHECK(outboxd->wait() == 0);
  }
  if (hostile) CHECK(hostile_calls(world.direct) == "outer_space: 0; public: 0; ");
  world.direct.exec(
      "UPDATE public.event_outbox SET dispatched_at = now() WHERE dispatched_at IS NULL;"
      "UPDATE public.caracal_outbox SET status = 'published' WHERE status <> 'published'");
  for (const auto* number : {"4", "3", "2", "1"}) {
    const auto reverted = run_outboxd({"migrate", "--revert", number, "--yes"}, environment);
    CHECK_MESSAGE(reverted.status == 0, reverted.err);
  }
  if (hostile) CHECK(hostile_calls(world.direct) == "outer_space: 0; public: 0; ");
}

/// The program's statements in the server's log.
SqlNames names_in(const std::string& log, const std::string& mark) {
  SqlNames names;
  for (std::size_t at = 0; at < log.size();) {
    // Continuation lines of a statement begin with a tab.
    auto end = log.find('\n', at);
    while (end != std::string::npos && end + 1 < log.size() && log[end + 1] == '\t') end = log.find('\n', end + 1);
    end = std::min(end, log.size());
    const auto line = log.substr(at, end - at);
    at = end + 1;
    if (line.find(mark) == std::string::npos) continue;
    if (const auto sql = line.find(": ", line.find("LOG:") + 5); sql != std::string::npos)
      names.add(line.substr(sql));
  }
  return names;
}

void add_texts(SqlNames& names) {
  using outboxd::migrate::migrations;
  using namespace outboxd::outbox_table;  // NOLINT(google-build-using-namespace)
  for (const auto& shape : {event_outbox_shape(), caracal_outbox_shape()}) {
    const auto layout = make_layout(shape, {.table = "public.t", .streams = {"s"}, .producer = "p", .worker = "w"});
    for (const auto& statement : statements_of(layout)) names.add(statement.sql);
  }
  for (const auto& migration : migrations()) {
    names.add(std::string(migration.done_when));
    names.add(std::string(migration.up));
    names.add(std::string(migration.down));
    // Statements that are executed from text are in literals there.
    for (auto text : {std::string(migration.up), std::string(migration.down)}) {
      std::erase(text, '\'');
      names.add(text);
    }
  }
}

}  // namespace

TEST_CASE("no function, operator, type or relation of another schema is run by a statement of ours") {
  PrivatePostgres server({.settings = {"log_statement=all", "log_line_prefix=%u "}});
  SqlNames names;
  {
    const World calm(server);
    for (const bool pooled : {false, true}) go_all_ways(calm, pooled, false);
    names = names_in(server.log(), calm.role);
    add_texts(names);
  }
  // Another role has created our function, so migrate refuses to go on.
  names.functions.erase("outboxd_wake_up");
  for (const auto* name : {"hashtextextended", "to_regclass", "unnest", "octet_length", "set_config", "count"}) {
    CHECK_MESSAGE(names.functions.contains(name), name);
  }
  for (const auto* symbol : {"=", "<=", "*", "+", "-", "<>", ">", "~~"}) {
    CHECK_MESSAGE(names.operators.contains(symbol), symbol);
  }
  const World world(server);
  fill_with_hostile_objects(world.direct, "outer_space", names);
  fill_with_hostile_objects(world.direct, "public", names);
  {
    // A cross-check: a session that looks names up in that path does run one of them.
    const auto session = outboxd::postgres::open_connection(server.url(world.direct.name, world.role));
    pqxx::nontransaction careless(*session);
    outboxd::postgres::exec(careless, "SELECT hashtextextended('x', 7230), 5 * interval '1 second'");
    CHECK(hostile_calls(world.direct) != "outer_space: 0; public: 0; ");
    world.direct.exec(
        "SELECT setval('public.hostile_calls', 1, false), setval('outer_space.hostile_calls', 1, false)");
  }
  for (const bool pooled : {false, true}) {
    CAPTURE(pooled);
    go_all_ways(world, pooled, true);
  }
}
