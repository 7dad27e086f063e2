// SPDX-License-Identifier: Apache-2.0
// Rows and whole tables that other sessions keep locked, and how they are reported.
#include "outbox_store/locked_rows.hpp"

#include "outbox_store/settlements.hpp"
#include "outbox_store/table_lock.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/session.hpp"
#include "postgres/table_errors.hpp"
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <thread>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// A role that may only read and update the table.
std::string plain_role(const Database& database, const std::string& table) {
  auto role = "plain_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON " + table + " TO " + role);
  return role;
}

/// A daemon on a table, as such a role.
struct Daemon {
  Daemon(const Database& table_of, const std::string& name, std::vector<std::string> words)
      : database{table_of}, table{name}, role{plain_role(database, table)} {
    environment = with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}});
    words.insert(words.end(), {"--http-listen", "127.0.0.1:0"});
    outboxd = start_outboxd(words, environment);
    port = http_port(*outboxd);
  }

  [[nodiscard]] Finished status(const std::string& listen) const {
    const bool is_caracal = table == "caracal_outbox";
    const std::vector<std::string> words{"status", "--http-listen", listen};
    return run_outboxd(is_caracal ? for_caracal_table(words) : words, environment);
  }
  [[nodiscard]] bool noted(const std::string& text) const { return contains(http_get(port, "/readyz").body, text); }
  void wait_for_line(const std::string& text) const {
    wait_until([&] { return contains(outboxd->err(), text); }, std::chrono::seconds(60), text + " in the log");
  }

  Database database;
  std::string table;
  std::string role;
  Environment environment;
  std::unique_ptr<Child> outboxd;
  std::uint16_t port = 0;
};

/// The daemon's sampler, called by the test.
class Sampler {
 public:
  explicit Sampler(const std::string& url) : connection_{outboxd::postgres::open_connection(url)} {
    exec(statements_, session_settings(kOptions));
    outboxd::outbox_table::LayoutTerms terms{.table = "event_outbox", .worker = "sampler"};
    const auto shape = outboxd::outbox_table::event_outbox_shape();
    terms = with_facts(terms, inspect_table(statements_, terms.table, shape, terms.worker.size()));
    layout_ = make_layout(shape, terms);
  }

  outboxd::dispatch::LockedRows sample() {
    outboxd::dispatch::BacklogSample sample{.oldest_pending = std::chrono::minutes{1}};
    look_.add_to(sample, statements_, layout_);
    return sample.locked;
  }

  /// Marks the rows whose lease ends in 2100 as published.
  outboxd::dispatch::Settled settle(const std::vector<std::string>& ids) {
    outboxd::dispatch::Settlement settlement;
    settlement.lease = "2100-01-01 00:00:00+00";
    for (const auto& id : ids) settlement.outcomes.push_back({.id = id, .verdict = outboxd::Verdict::published});
    return outboxd::outbox_store::write_outcomes(statements_, layout_, settlement, "event_outbox").settled;
  }

  /// The report on a claim that has waited for too long.
  std::string table_lock() {
    try {
      outboxd::outbox_store::look_for_table_lock(statements_, layout_, "57014");
    } catch (const outboxd::postgres::LockedTable& locked) {
      return locked.what();
    }
    return "";
  }

 private:
  inline static const outboxd::postgres::SessionOptions kOptions{
      .conninfo = {}, .statement_timeout = std::chrono::seconds{30}, .lock_timeout = std::chrono::milliseconds{250}};
  std::unique_ptr<pqxx::connection> connection_;
  outboxd::postgres::StatementMode mode_{.usual_timeout = kOptions.statement_timeout,
                                         .longest_timeout = kOptions.statement_timeout};
  outboxd::postgres::PreparedStatements prepared_;
  outboxd::postgres::Statements statements_{*connection_, mode_, prepared_};
  outboxd::outbox_table::Layout layout_;
  outboxd::outbox_store::LockedRowsLook look_;
};

std::string pid_of(const pqxx::connection& session) {
  return "pid " + std::to_string(session.backendpid());
}

}  // namespace

TEST_CASE(
    "rows that another transaction keeps locked are counted and reported with its session, others are published") {
  const auto stream = new_stream("locked");
  const auto contract = contract_database();
  insert_rows(contract, "a", stream, 3);
  contract.exec("UPDATE event_outbox SET available_at = now() - interval '1 min'");
  const auto caracal = caracal_database();
  insert_caracal_rows(caracal, "a", stream, 3);
  caracal.exec("UPDATE caracal_outbox SET available_at = now() - interval '1 min'");
  // One role may see only the pid; and after a savepoint the row's xmax is of no running top-level transaction.
  const auto stranger = contract.connect();
  pqxx::work by_stranger{*stranger};
  outboxd::postgres::exec(by_stranger, "SAVEPOINT s");
  outboxd::postgres::exec(by_stranger, "SELECT FROM event_outbox WHERE id <= 'a000002' FOR UPDATE");
  outboxd::postgres::exec(by_stranger, "RELEASE s");
  const Daemon api{contract, "event_outbox", {"run"}};
  const auto holder = caracal.connect();
  pqxx::work by_holder{*holder};
  outboxd::postgres::exec(by_holder, "UPDATE caracal_outbox SET updated_at = now() WHERE id = 'a000002'");
  const Daemon coordinator{caracal, "caracal_outbox", for_caracal_table({"run"})};
  caracal.exec("GRANT pg_read_all_stats TO " + coordinator.role);

  api.wait_for_line(
      "2 row(s) are due for more than 10 s, and claims pass over them, as other transactions keep them "
      "locked (one is row a00000");
  const auto hidden = pid_of(*stranger) + " of role postgres";
  CHECK_MESSAGE(contains(api.outboxd->err(), hidden), api.outboxd->err());
  CHECK(contains(api.outboxd->err(), "this role may not see without pg_read_all_stats; end that transaction"));
  coordinator.wait_for_line("(one is row a000002): " + pid_of(*holder) + " of role postgres");
  CHECK_MESSAGE(contains(coordinator.outboxd->err(), ", idle in transaction, in a transaction since 20"),
                coordinator.outboxd->err());
  for (const auto* daemon : {&api, &coordinator}) {
    const auto page = http_get(daemon->port, "/readyz");
    CHECK(page.status == 200);
    CHECK(contains(page.body, "as other transactions keep them locked"));
    CHECK(contains(page.body, "; end that transaction, so since 20"));
    const std::string rows = daemon == &api ? "2" : "1";
    CHECK(contains(http_get(daemon->port, "/metrics").body,
                   "outboxd_locked_rows{dispatcher=\"outbox\"} " + rows + "\n"));
    const auto asked = daemon->status("127.0.0.1:" + std::to_string(daemon->port));
    CHECK(asked.status == 1);
    CHECK_MESSAGE(occurrences(asked.out, "locked") == 1, asked.out);
  }
  // Other rows are published meanwhile, and the transaction's rows after its end.
  insert_rows(contract, "b", stream, 2);
  insert_caracal_rows(caracal, "b", stream, 2);
  wait_until([&] { return count_rows(contract, "dispatched_at IS NOT NULL") == 3; });
  wait_until([&] { return count_caracal_rows(caracal, "status = 'published'") == 4; });
  const auto alone = coordinator.status("off");
  CHECK(alone.status == 1);
  CHECK_MESSAGE(contains(alone.out,
                         "1 row is due for more than 10 s and locked by other transactions, so that no "
                         "dispatcher can claim them (one is row a000002): " +
                             pid_of(*holder)),
                alone.out);
  by_stranger.abort();
  by_holder.commit();
  wait_until([&] { return count_rows(contract, "dispatched_at IS NOT NULL") == 5; });
  wait_until([&] { return count_caracal_rows(caracal, "status = 'published'") == 5; });
  for (const auto* daemon : {&api, &coordinator}) {
    daemon->wait_for_line("no due row is locked by another transaction any more, after ");
    wait_until([&] { return http_get(daemon->port, "/readyz").body.find("locked") == std::string::npos; });
    CHECK_FALSE(contains(daemon->outboxd->err(), "held up"));
  }
}

TEST_CASE("the session that locks the whole table is named, rows are published afterwards, and no row is blamed") {
  const auto stream = new_stream("locked");
  for (const std::string mode : {"SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"}) {
    CAPTURE(mode);
    const Daemon daemon{contract_database(), "event_outbox", {"run", "--poll-interval", "20ms"}};
    const auto holder = daemon.database.connect();
    insert_rows(daemon.database, "a", stream + mode, 50);
    wait_until([&] { return count_rows(daemon.database, "dispatched_at IS NOT NULL") == 50; });
    pqxx::work lock{*holder};
    // This session's lock on the table doesn't block writers.
    outboxd::postgres::exec(lock, "LOCK TABLE event_outbox IN " + mode + " MODE");
    outboxd::postgres::exec(
        lock,
        "INSERT INTO event_outbox (id, stream_name, payload_json) SELECT 'b' || n, 'x', '{}' FROM "
        "generate_series(1, 50) AS n");
    daemon.wait_for_line(
        "Postgres answers, but lets no row be claimed or settled (claiming from \"event_outbox\": the "
        "whole table is locked by " +
        pid_of(*holder) + " of role postgres");
    wait_until([&] { return daemon.noted(pid_of(*holder)); });
    const auto alone = daemon.status("off");
    if (mode == "ACCESS EXCLUSIVE") {
      CHECK_MESSAGE(contains(alone.out, "the whole table is locked by " + pid_of(*holder)), alone.out);
    }
    lock.commit();
    wait_until([&] { return count_rows(daemon.database, "dispatched_at IS NOT NULL") == 100; });
    CHECK_MESSAGE(!contains(daemon.outboxd->err(), "held up"), daemon.outboxd->err());
    CHECK(count_rows(daemon.database, "attempts <> 1") == 0);
  }
}

TEST_CASE("a locked row is found after many that were locked before, and stays reported when a check fails") {
  const auto database = contract_database();
  insert_rows(database, "a", "s", 300);
  database.exec("UPDATE event_outbox SET available_at = now() - interval '1 min'");
  const auto holder = database.connect();
  {
    pqxx::work over{*holder};
    outboxd::postgres::exec(over, "SELECT FROM event_outbox WHERE id <> 'a000300' FOR UPDATE");
  }
  pqxx::work lock{*holder};
  outboxd::postgres::exec(lock, "SELECT FROM event_outbox WHERE id = 'a000300' FOR UPDATE");
  Sampler sampler{shared_postgres().url(database.name, plain_role(database, "event_outbox"))};
  sampler.sample();
  const auto is_found = [&] {
    const auto found = sampler.sample();
    return found.rows == 1 && found.first == "a000300" && contains(found.who, pid_of(*holder));
  };
  CHECK(is_found());
  // In such a table no row can be locked, not even for the check.
  outboxd::postgres::exec(lock, "LOCK TABLE event_outbox IN EXCLUSIVE MODE");
  CHECK(is_found());
  lock.abort();
  CHECK(sampler.sample().rows == 0);
}

TEST_CASE("the session that waits to lock the whole table is named, and the session that blocks it") {
  const auto database = contract_database();
  Sampler sampler{shared_postgres().url(database.name, plain_role(database, "event_outbox"))};
  const auto reader = database.connect();
  const auto waiter = database.connect();
  CHECK(sampler.table_lock().empty());
  pqxx::work reads{*reader};
  outboxd::postgres::exec(reads, "SELECT FROM event_outbox");
  std::thread waits{[&] {
    pqxx::work lock{*waiter};
    outboxd::postgres::exec(lock, "LOCK TABLE event_outbox");
  }};
  std::string said;
  try {
    wait_until([&] { return contains(said = sampler.table_lock(), "that waits to lock the whole table"); });
  } catch (...) {
    reads.abort();
    waits.join();
    throw;
  }
  reads.abort();
  waits.join();
  CHECK_MESSAGE(contains(said, "the whole table, " + pid_of(*waiter) + " of role postgres"), said);
  CHECK_MESSAGE(contains(said, "; in its way is " + pid_of(*reader) + " of role postgres"), said);
}

TEST_CASE("a prepared transaction that keeps a row locked is named") {
  PrivatePostgres postgres{{.settings = {"max_prepared_transactions=5"}}};
  const auto database = postgres.create_database();
  create_contract_table(database);
  insert_rows(database, "a", "s", 1);
  database.exec("UPDATE event_outbox SET available_at = now() - interval '1 min'");
  const auto session = database.connect();
  {
    pqxx::nontransaction forgotten{*session};
    outboxd::postgres::exec(forgotten,
                            "BEGIN; UPDATE event_outbox SET attempts = 1; PREPARE TRANSACTION 'forgotten'");
  }
  Sampler sampler{database.url};
  sampler.sample();
  const auto found = sampler.sample();
  CHECK(found.rows == 1);
  CHECK_MESSAGE(found.who.starts_with("prepared transaction forgotten, since 20"), found.who);
}

TEST_CASE("if the role may not read pg_locks, no session is named, and the failed check is reported") {
  const auto database = contract_database();
  insert_rows(database, "a", "s", 2);
  database.exec(
      "UPDATE event_outbox SET locked_by = 'sampler', locked_until = '2100-01-01 00:00:00+00';"
      "REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC");
  Sampler sampler{shared_postgres().url(database.name, plain_role(database, "event_outbox"))};
  const auto holder = database.connect();
  pqxx::work lock{*holder};
  outboxd::postgres::exec(lock, "SELECT FROM event_outbox WHERE id = 'a000002' FOR UPDATE");
  const auto settled = sampler.settle({"a000001", "a000002"});
  CHECK(settled.written == 1);
  REQUIRE(settled.refused.size() == 1);
  CHECK(settled.refused.front().id == "a000002");
  CHECK(settled.refused.front().reason == "it can't be settled: another session holds a lock on it");
  CHECK(sampler.table_lock().empty());
}
