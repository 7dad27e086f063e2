// SPDX-License-Identifier: Apache-2.0
// Triggers, constraints and policies that refuse single rows, or all rows, in both kinds of tables.
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <utility>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

// A third of the minute for which quarantined or leased rows would hold up others; long enough for a sanitizer on a
// busy machine.
constexpr auto kPromptly = std::chrono::seconds(20);

/// A kind of table, and the changes of its rows.
struct Kind {
  const char* table;
  bool caracal;
  const char* published;
  /// Conditions in a trigger that recognise the UPDATE's purpose.
  const char* is_claim;
  const char* is_settlement;
  /// Assignments to NEW that undo a settlement or a lease.
  const char* undo_settlement;
  const char* undo_claim;
  const char* undo_afterwards;
  const char* requeue;
};

constexpr Kind kEvent{"event_outbox",
                      false,
                      "dispatched_at IS NOT NULL",
                      "NEW.locked_until > now() AND NEW.attempts > OLD.attempts",
                      "NEW.dispatched_at IS NOT NULL AND OLD.dispatched_at IS NULL",
                      "NEW.dispatched_at := NULL;",
                      "NEW.locked_until := OLD.locked_until; NEW.locked_by := OLD.locked_by;",
                      "UPDATE event_outbox SET dispatched_at = NULL WHERE id = NEW.id;",
                      "dispatched_at = NULL, attempts = 0, available_at = now()"};
constexpr Kind kCaracal{"caracal_outbox",
                        true,
                        "status = 'published'",
                        "NEW.status = 'pending' AND NEW.available_at > now() + interval '1 s'",
                        "NEW.status = 'published' AND OLD.status = 'pending'",
                        "NEW.status := 'pending'; NEW.published_at := NULL;",
                        "NEW.available_at := OLD.available_at;",
                        "UPDATE caracal_outbox SET status = 'pending', published_at = NULL WHERE id = NEW.id;",
                        "status = 'pending', attempts = 0, available_at = now(), published_at = NULL"};

struct Daemon {
  explicit Daemon(const Kind& table, const std::vector<std::string>& more = {})
      : kind{table}, database{table.caracal ? caracal_database() : contract_database()} {
    std::vector<std::string> command{"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"};
    command.insert(command.end(), more.begin(), more.end());
    if (kind.caracal) command = for_caracal_table(command);
    outboxd = start_outboxd(command, outboxd_environment(database, redis));
    port = http_port(*outboxd);
    wait_until([&] { return is_ready(); });
  }

  void insert(const std::string& prefix, int count) const {
    if (kind.caracal) {
      insert_caracal_rows(database, prefix, "stream", count);
    } else {
      insert_rows(database, prefix, "stream", count);
    }
  }
  /// Creates a trigger that runs `body` (plpgsql, which may return) before each UPDATE.
  void before_update(const std::string& body) const {
    database.exec("CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body +
                  " RETURN NEW; END $$; CREATE OR REPLACE TRIGGER judge BEFORE UPDATE ON " + kind.table +
                  " FOR EACH ROW EXECUTE FUNCTION judge()");
  }
  void no_trigger() const { database.exec(std::string{"DROP TRIGGER IF EXISTS judge ON "} + kind.table); }
  [[nodiscard]] std::int64_t rows(const std::string& condition) const {
    return kind.caracal ? count_caracal_rows(database, condition) : count_rows(database, condition);
  }
  [[nodiscard]] std::int64_t published(const std::string& prefix) const {
    return rows(std::string{kind.published} + " AND id LIKE '" + prefix + "%'");
  }
  [[nodiscard]] bool is_ready() const { return http_get(port, "/readyz").status == 200; }
  [[nodiscard]] std::int64_t entries() const { return redis.probe().xlen("stream"); }
  /// As wait_until, but shows the log after a time-out.
  void wait(const std::function<bool()>& condition,
            std::chrono::milliseconds deadline = std::chrono::seconds(20)) const {
    try {
      wait_until(condition, deadline);
    } catch (const std::exception&) {
      const auto text = log();
      MESSAGE(text.substr(text.size() - std::min<std::size_t>(text.size(), 3'000)));
      throw;
    }
  }
  [[nodiscard]] std::string log() const { return outboxd->err(); }
  [[nodiscard]] bool counts(const std::string& sample) const {
    return contains(http_get(port, "/metrics").body, sample + "\n");
  }

  Kind kind;
  Database database;
  PrivateRedis redis;
  std::unique_ptr<Child> outboxd;
  std::uint16_t port = 0;
};

std::string when(const std::string& condition, const std::string& then) {
  return "IF " + condition + " THEN " + then + " END IF;";
}

std::string raise(const std::string& sqlstate) {
  return "RAISE EXCEPTION 'not this row' USING ERRCODE = '" + sqlstate + "';";
}

/// A SQLSTATE of every class with a special treatment, and an unknown one.
const std::vector<std::string> kStates{"08006", "0A000", "22012", "23514", "25006", "28000", "40001",
                                       "40P01", "42501", "42601", "42883", "53100", "53300", "54000",
                                       "55P03", "57014", "57P01", "58030", "P0001", "XX000", "ZZ999"};

}  // namespace

TEST_CASE("a row whose claim is refused holds up no other row, with any SQLSTATE") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind};
    for (const auto& state : kStates) {
      CAPTURE(kind.table);
      CAPTURE(state);
      daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_claim, raise(state)));
      daemon.insert("bad" + state, 1);
      daemon.insert("good" + state, 100);
      daemon.wait([&] { return daemon.published("good" + state) == 100; }, kPromptly);
    }
    // Of rows that are judged together a line names the first.
    daemon.wait([&] { return contains(daemon.log(), "000001: it can't be claimed: "); });
    CHECK(daemon.is_ready());
    daemon.no_trigger();
    daemon.wait([&] { return daemon.published("bad") == static_cast<std::int64_t>(kStates.size()); },
                std::chrono::seconds(70));
    CHECK(daemon.entries() == 101 * static_cast<std::int64_t>(kStates.size()));
  }
}

TEST_CASE("a row whose settlement is refused holds up no other row, and is sent once, with any SQLSTATE") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind, {"--lease", "6s", "--redis-timeout", "1s"}};
    for (const auto& state : kStates) {
      CAPTURE(kind.table);
      CAPTURE(state);
      daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_settlement, raise(state)));
      daemon.insert("bad" + state, 1);
      daemon.insert("good" + state, 100);
      daemon.wait([&] { return daemon.published("good" + state) == 100; }, kPromptly);
    }
    daemon.wait([&] { return contains(daemon.log(), "000001: it can't be settled: "); });
    daemon.wait([&] { return daemon.is_ready(); });
    // After their leases have ended, they are claimed again, within the pause of a row that can't be marked.
    const auto all = static_cast<std::int64_t>(101 * kStates.size());
    daemon.wait([&] { return !daemon.counts("outboxd_claimed_total{dispatcher=\"outbox\"} " + std::to_string(all)); },
                std::chrono::seconds(70));
    CHECK(daemon.entries() == all);
    daemon.no_trigger();
    daemon.wait([&] { return daemon.published("bad") == static_cast<std::int64_t>(kStates.size()); },
                std::chrono::seconds(70));
    CHECK(daemon.entries() == all);
  }
}

TEST_CASE("a row with a slow trigger delays other rows only briefly") {
  for (const auto& kind : {kEvent, kCaracal}) {
    for (const auto* what : {kind.is_claim, kind.is_settlement}) {
      CAPTURE(kind.table);
      CAPTURE(what);
      const Daemon daemon{kind};
      daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + what, "PERFORM pg_sleep(60);"));
      daemon.insert("bad", 1);
      daemon.insert("good", 100);
      daemon.wait([&] { return daemon.published("good") == 100; }, std::chrono::seconds(12));
      daemon.insert("late", 100);
      daemon.wait([&] { return daemon.published("late") == 100; }, kPromptly);
      daemon.wait([&] { return daemon.is_ready() && contains(daemon.log(), "row bad000001: it can't be"); });
      CHECK(daemon.entries() == (what == kind.is_claim ? 200 : 201));
    }
  }
}

TEST_CASE("rows with slow triggers that are too slow for one statement are claimed and settled nevertheless") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const std::string what = kind.caracal ? kind.is_settlement : kind.is_claim;
    CAPTURE(what);
    const Daemon daemon{kind, {"--postgres-statement-timeout", "10s"}};
    daemon.before_update(when("OLD.id LIKE 'slow%' AND " + what, "PERFORM pg_sleep(0.6);"));
    daemon.insert("slow", 2);
    daemon.insert("good", 30);
    daemon.wait([&] { return daemon.published("good") == 30; }, std::chrono::seconds(12));
    daemon.wait([&] { return daemon.published("slow") == 2; }, std::chrono::seconds(60));
    CHECK(daemon.entries() == 32);
  }
}

TEST_CASE("an error at the commit is attributed to its row as well, and so is a missing function") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind};
    const std::string create = "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ";
    daemon.database.exec(create + when("OLD.id LIKE 'bad%'", "PERFORM no_such_function(NEW.id);") +
                         " RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON " + kind.table +
                         " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()");
    daemon.insert("bad", 3);
    daemon.insert("good", 100);
    daemon.wait([&] { return daemon.published("good") == 100; }, kPromptly);
    daemon.wait([&] { return contains(daemon.log(), "42883 (undefined_function)"); });
    CHECK(daemon.is_ready());
    CHECK(daemon.entries() == 100);
  }
}

TEST_CASE("rows that are refused only together are settled one by one, at once, and sent once") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind};
    const std::string is_done = kind.caracal ? "n.status = 'published'" : "n.dispatched_at IS NOT NULL";
    daemon.database.exec(
        "CREATE FUNCTION together() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT count(*) FROM n WHERE " +
        is_done + ") > 1 THEN RAISE check_violation USING MESSAGE = 'one at a time'; END IF; RETURN NULL; END $$;" +
        " CREATE TRIGGER together AFTER UPDATE ON " + kind.table +
        " REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION together()");
    for (int i = 1; i <= 5; ++i) {
      daemon.insert("abc" + std::to_string(i), 3);
      daemon.wait([&] { return daemon.published("abc") == 3 * i; }, kPromptly);
      CHECK(daemon.is_ready());
    }
    CHECK(daemon.entries() == 15);
    CHECK(!contains(daemon.log(), "Postgres is unavailable"));
    CHECK(!contains(daemon.log(), "Postgres answers, but"));
  }
}

TEST_CASE("if every write is refused, it is an outage, even with few due rows; it ends with the refusals") {
  const std::vector<std::string> states{"54000", "25006", "unwritten"};
  std::size_t first_state = 0;
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind, {"--batch", "32"}};
    int inserted = 0;
    // Each condition and each state once for a table, in other pairs for the other table, as each pair takes seconds.
    std::size_t next_state = first_state++;
    for (const std::string what : {"true", kind.is_claim, kind.is_settlement}) {
      const auto& state = states[next_state++ % states.size()];
      CAPTURE(kind.table);
      CAPTURE(what);
      CAPTURE(state);
      daemon.before_update(when(what, state == "unwritten" ? "RETURN NULL;" : raise(state)));
      daemon.insert("a" + std::to_string(inserted), 5);
      daemon.wait([&] { return !daemon.is_ready(); });
      daemon.wait([&] { return daemon.counts("outboxd_ready{dispatcher=\"outbox\"} 0"); });
      CHECK(daemon.entries() == inserted + (what == kind.is_settlement ? 5 : 0));
      inserted += 5;
      daemon.no_trigger();
      daemon.wait([&] { return daemon.is_ready() && daemon.published("a") == inserted; });
      CHECK(daemon.entries() == inserted);
    }
    CHECK(!contains(daemon.log(), "neighbours go on"));
    CHECK(contains(daemon.log(), "Postgres answers, but lets no row be claimed or settled ("));
  }
}

TEST_CASE("rows that an UPDATE silently skips are quarantined, and the rows after them are published") {
  for (const auto& kind : {kEvent, kCaracal}) {
    for (const auto* const what : {"RETURN NULL;", kind.undo_claim, "RETURN OLD;"}) {
      CAPTURE(kind.table);
      CAPTURE(what);
      const Daemon daemon{kind};
      daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_claim, what));
      daemon.insert("bad", 40);
      daemon.insert("good", 100);
      daemon.wait([&] { return daemon.published("good") == 100; }, kPromptly);
      daemon.wait([&] { return contains(daemon.log(), "row bad0000") && contains(daemon.log(), "UPDATE"); });
      CHECK(daemon.is_ready());
      CHECK(daemon.entries() == 100);
      daemon.no_trigger();
      daemon.wait([&] { return daemon.published("bad") == 40; }, std::chrono::seconds(70));
    }
  }
}

TEST_CASE("thousands of rows at the head that an UPDATE silently skips are quarantined as well") {
  for (const auto& kind : {kEvent, kCaracal}) {
    CAPTURE(kind.table);
    const Daemon daemon{kind};
    // Slow at first, so that later claims begin at a mark.
    daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_claim,
                              when("OLD.id < 'bad000040'", "PERFORM pg_sleep(0.01);") + " RETURN NULL;"));
    daemon.insert("bad", 3'000);
    daemon.insert("good", 100);
    daemon.wait([&] { return daemon.published("good") == 100; }, std::chrono::seconds(60));
    daemon.insert("late", 100);
    daemon.wait([&] { return daemon.published("late") == 100; }, kPromptly);
    daemon.wait([&] { return daemon.is_ready(); });
  }
}

TEST_CASE("a settlement that an UPDATE silently skips counts as refused, not as a lost lease") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind};
    daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_settlement, "RETURN NULL;"));
    daemon.insert("bad", 2);
    daemon.insert("good", 100);
    daemon.wait([&] { return daemon.published("good") == 100; }, kPromptly);
    daemon.wait([&] { return contains(daemon.log(), "it can't be settled: the UPDATE did nothing"); });
    CHECK(daemon.counts("outboxd_leases_lost_total{dispatcher=\"outbox\"} 0"));
    CHECK(daemon.is_ready());
    daemon.no_trigger();
    daemon.wait([&] { return daemon.published("bad") == 2; });
    CHECK(daemon.entries() == 102);
  }
}

TEST_CASE("a batch with one outcome undone and another skipped has no lost lease") {
  for (const auto& kind : {kEvent, kCaracal}) {
    const Daemon daemon{kind};
    const std::string settled = kind.is_settlement;
    daemon.before_update(when("OLD.id = 'bad000001' AND " + settled, "RETURN OLD;") +
                         when("OLD.id = 'bad000002' AND " + settled, "RETURN NULL;"));
    daemon.insert("bad", 3);
    daemon.wait([&] { return daemon.published("bad") == 1 && contains(daemon.log(), "it can't be settled"); });
    CHECK(daemon.counts("outboxd_leases_lost_total{dispatcher=\"outbox\"} 0"));
    CHECK(daemon.entries() == 3);
  }
}

TEST_CASE("a settlement that a trigger undoes is noticed: the rows are held and named, and not sent repeatedly") {
  for (const auto& kind : {kEvent, kCaracal}) {
    for (const bool afterwards : {false, true}) {
      CAPTURE(kind.table);
      CAPTURE(afterwards);
      const Daemon daemon{kind};
      if (afterwards) {
        daemon.database.exec(std::string{"CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "} +
                             when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_settlement, kind.undo_afterwards) +
                             " RETURN NULL; END $$; CREATE TRIGGER judge AFTER UPDATE ON " + kind.table +
                             " FOR EACH ROW EXECUTE FUNCTION undo()");
      } else {
        daemon.before_update(when(std::string{"OLD.id LIKE 'bad%' AND "} + kind.is_settlement, kind.undo_settlement));
      }
      daemon.insert("bad", 100);
      daemon.insert("good", 100);
      daemon.wait([&] { return daemon.published("good") == 100; }, kPromptly);
      daemon.wait([&] { return contains(daemon.log(), "row bad0000") && contains(daemon.log(), "a trigger"); });
      for (int i = 1; i <= 5; ++i) {
        daemon.insert("late" + std::to_string(i), 100);
        daemon.wait([&] { return daemon.published("late") == 100 * i; }, kPromptly);
      }
      CHECK(daemon.entries() == 700);
      CHECK(daemon.published("bad") == 0);
      // Rows that an operator requeues are sent even if they are held.
      daemon.no_trigger();
      daemon.database.exec(std::string{"UPDATE "} + kind.table + " SET " + kind.requeue +
                           " WHERE id IN ('good000001', 'bad000001')");
      daemon.wait([&] { return daemon.entries() >= 701 && daemon.published("good") == 100; }, kPromptly);
    }
  }
}
