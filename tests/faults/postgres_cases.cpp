// SPDX-License-Identifier: Apache-2.0
#include "faults/case.hpp"
#include "postgres/pqxx_compat.hpp"

#include <array>

namespace outboxd::faults {
namespace {

constexpr std::array kCrashSteps{kClaimAsked, kClaimDone, kClaimAnswered, kPublishDone, kSettleAsked, kSettleDone};

/// A fault that one statement causes and another ends.
Case by_statements(std::string fault, std::string says, std::string harm, std::string heal, bool ends_sessions,
                   bool in_short = false) {
  return {.fault = std::move(fault),
          .step = "any",
          .harm =
              [harm = std::move(harm), heal = std::move(heal), ends_sessions](World& world) {
                world.any_moment();
                world.admin(harm);
                if (ends_sessions) world.end_sessions();
                World::lasts(kAWhile);
                world.admin(heal);
              },
          .says = std::move(says),
          .in_short = in_short};
}

void lock_table(World& world) {
  world.any_moment();
  const auto connection = world.database().connect();
  pqxx::work transaction(*connection);
  postgres::exec(transaction, "LOCK TABLE event_outbox IN ACCESS EXCLUSIVE MODE");
  World::lasts(kAWhile);
  transaction.commit();
}

/// Every UPDATE of the daemons fails with this SQLSTATE, as if the server itself had caused it.
Case failing_with(const std::string& sqlstate, const std::string& meaning) {
  return by_statements("UPDATE fails with " + sqlstate + " (" + meaning + ") 2 s", "fails on purpose",
                       "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF current_user = "
                       "'relay' THEN RAISE EXCEPTION "
                       "'fails on purpose' USING ERRCODE = '" +
                           sqlstate +
                           "'; END IF; RETURN NEW; END $$; CREATE TRIGGER fail BEFORE UPDATE ON event_outbox FOR "
                           "EACH ROW EXECUTE FUNCTION fail()",
                       "DROP TRIGGER fail ON event_outbox; DROP FUNCTION fail()", false);
}

}  // namespace

std::vector<Case> postgres_cases() {
  std::vector<Case> cases;
  cases.reserve(kCrashSteps.size());
  for (const auto& step : kCrashSteps) {
    cases.push_back({.fault = "kill -9 Postgres, restarted",
                     .step = step.name,
                     .harm =
                         [step](World& world) {
                           world.stop_at(step);
                           world.postgres().kill9();
                           world.go_on(step, unanswered(step));
                           world.postgres().start();
                         },
                     .returns = Server::postgres,
                     .in_short = std::string_view{step.name} == kSettleDone.name});
  }
  for (const auto& step : {kClaimDone, kSettleAsked, kSettleDone}) {
    cases.push_back({.fault = "restart of Postgres (fast)",
                     .step = step.name,
                     .harm =
                         [step](World& world) {
                           world.stop_at(step);
                           world.postgres().stop(test::StopMode::fast);
                           world.go_on(step, unanswered(step));
                           world.postgres().start();
                         },
                     .returns = Server::postgres});
    cases.push_back({.fault = "pg_terminate_backend", .step = step.name, .harm = [step](World& world) {
                       world.stop_at(step);
                       world.end_sessions();
                       world.go_on(step, unanswered(step));
                     }});
  }
  for (const auto& step : {kClaimAsked, kSettleAsked}) {
    // Longer than the statement time-out and the client's margin.
    cases.push_back({.fault = "SIGSTOP 4 s of Postgres",
                     .step = step.name,
                     .harm =
                         [step](World& world) {
                           world.stop_at(step);
                           world.postgres().pause();
                           world.go_on(step);
                           World::lasts(milliseconds{4'000});
                           world.postgres().resume();
                         },
                     .says = "Postgres",
                     .in_short = step.phase == Phase::asked && std::string_view{step.name} == kSettleAsked.name});
  }
  cases.push_back(
      {.fault = "table locked 2 s (statement_timeout 1 s)", .step = "any", .harm = lock_table, .says = "timeout"});
  cases.push_back(by_statements("default_transaction_read_only 2 s", "read-only transaction",
                                "ALTER ROLE relay SET default_transaction_read_only = on",
                                "ALTER ROLE relay RESET default_transaction_read_only", true, true));
  cases.push_back(by_statements("UPDATE revoked 2 s", "permission denied", "REVOKE UPDATE ON event_outbox FROM relay",
                                "GRANT UPDATE ON event_outbox TO relay", false));
  cases.push_back(by_statements("table renamed away 2 s", "does not exist",
                                "ALTER TABLE event_outbox RENAME TO event_outbox_away",
                                "ALTER TABLE event_outbox_away RENAME TO event_outbox", false));
  cases.push_back(by_statements("no connections allowed 2 s", "too many connections",
                                "ALTER ROLE relay CONNECTION LIMIT 0", "ALTER ROLE relay CONNECTION LIMIT -1", true));
  cases.push_back(failing_with("53100", "disk full"));
  cases.push_back(failing_with("40001", "serialization failure"));
  cases.push_back(failing_with("40P01", "deadlock"));
  cases.push_back(failing_with("XX000", "internal error"));
  return cases;
}

}  // namespace outboxd::faults
