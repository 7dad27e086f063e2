// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/row_store.hpp"

#include "postgres/identifier.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::outbox_store {

using postgres::Connection;
using postgres::Statements;

namespace {

// Outboxd's statements hold row locks for milliseconds: a longer lock is another program's, and rows that wait for it
// are settled apart from their batch. Claims skip locked rows, and wait for a lock on the table as long as they may.
constexpr std::chrono::milliseconds kRowLockTimeout{250};

// A claim or a settlement that takes longer than this is tried in parts, so that a row with a slow trigger doesn't
// hold up its neighbours for the whole time-out.
std::chrono::milliseconds usual_timeout_of(std::chrono::milliseconds statement_timeout) {
  return std::min(statement_timeout,
                  std::max<std::chrono::milliseconds>(std::chrono::seconds{1}, statement_timeout / 10));
}

postgres::SessionOptions with_usual_timeout(postgres::SessionOptions session) {
  session.usual_timeout = usual_timeout_of(session.statement_timeout);
  return session;
}

postgres::SessionOptions with_short_waits(postgres::SessionOptions session) {
  session.lock_timeout = kRowLockTimeout;
  return session;
}

}  // namespace

// Functions that run on a session's thread capture no `this`: the thread's own state is their argument, and the event
// loop's state is out of their reach.

RowStore::RowStore(const RowStoreOptions& options)
    : table_{postgres::quote_table(options.table), options.shape, options.terms},
      warn_{options.warn},
      claims_{"pg-claim", with_usual_timeout(options.session), table_, options.poll_interval},
      settles_{"pg-settle", with_short_waits(with_usual_timeout(options.session)), table_},
      watches_{"pg-watch", with_short_waits(options.session), table_},
      retention_{options.retention} {
  if (retention_.count() > 0) {
    prunes_.emplace("pg-prune", with_short_waits(options.session), table_, retention_, options.poll_interval);
  }
}

void RowStore::use_conninfo(const std::string& conninfo) {
  claims_.use_conninfo(conninfo);
  settles_.use_conninfo(conninfo);
  watches_.use_conninfo(conninfo);
  if (prunes_) prunes_->use_conninfo(conninfo);
}

void RowStore::pass_on(const std::vector<std::string>& warnings) const {
  for (const auto& warning : warnings) {
    if (warn_) warn_(warning);
  }
}

dispatch::Awaitable<dispatch::StoreResult<outbox_table::TableReport>> RowStore::inspect() {
  auto report = co_await claims_.run("looking at " + table_.name(),
                                     [](Statements& statements, Connection& connection, ClaimThread& thread) {
                                       return thread.inspect(statements, connection);
                                     });
  if (!report) co_return report.error();
  pass_on(report->warnings);
  co_return std::move(report->value);
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> RowStore::claim(dispatch::ClaimRequest request) {
  auto overlooked = std::exchange(overlooked_, {});
  if (request.only.empty()) claimed_.except_streams = request.except_streams;
  auto claimed = co_await claims_.run(
      "claiming from " + table_.name(),
      [&request, &overlooked](Statements& statements, Connection& connection, ClaimThread& thread) {
        return thread.claim(statements, connection, request, std::exchange(overlooked, {}));
      });
  claimed_.mark.clear();
  if (!claimed) co_return claimed.error();
  pass_on(claimed->warnings);
  claimed_.mark = std::move(claimed->value.mark);
  co_return std::move(claimed->value.rows);
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> RowStore::settle(
    const dispatch::Settlement& settlement) {
  auto settled =
      co_await settles_.run("settling in " + table_.name(),
                            [&settlement](Statements& statements, Connection& connection, SettleThread& thread) {
                              return thread.settle(statements, connection, settlement);
                            });
  if (settled) remember_released(settlement);
  co_return settled;
}

void RowStore::remember_released(const dispatch::Settlement& settlement) {
  if (claimed_.mark.empty()) return;
  std::vector<std::string> ids;
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict == Verdict::release && outcome.delay.count() == 0) ids.push_back(outcome.id);
  }
  overlooked_.add(ids);
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::LeaseScan>> RowStore::scan(std::vector<std::string> known,
                                                                               std::string due_by) {
  const auto claimed = claimed_;
  if (table_.driver()->layout.scan_leases.empty() && claimed.mark.empty()) co_return dispatch::LeaseScan{};
  const Watch::Request request{.due_by = std::move(due_by), .known = std::move(known)};
  auto looked = co_await watches_.run(
      "looking around in " + table_.name(),
      [&request, &claimed](Statements& statements, Connection& connection, WatchThread& thread) {
        return thread.scan(statements, connection, request, claimed);
      });
  if (!looked) co_return looked.error();
  overlooked_.add(std::move(looked->overlooked));
  co_return std::move(looked->scan);
}

dispatch::Awaitable<dispatch::StoreResult<bool>> RowStore::end_leases_of(std::vector<std::string> workers) {
  const auto claimed = claimed_;
  auto ended = co_await watches_.run(
      "ending leases in " + table_.name(),
      [&workers, &claimed](Statements& statements, Connection& connection, WatchThread& thread) {
        return thread.end_leases(statements, connection, workers, claimed);
      });
  if (!ended) co_return ended.error();
  if (!*ended) co_return false;
  overlooked_.add(std::move(**ended));
  co_return true;
}

dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> RowStore::poison_candidates(std::string due_by) {
  if (table_.driver()->layout.poison_candidates.empty()) co_return std::vector<std::string>{};
  co_return co_await watches_.run("looking for poison candidates in " + table_.name(),
                                  [&due_by](Statements& statements, Connection& connection, WatchThread& thread) {
                                    return thread.poison_candidates(statements, connection, due_by);
                                  });
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> RowStore::sample(std::string due_by) {
  co_return co_await watches_.run("counting " + table_.name(),
                                  [&due_by](Statements& statements, Connection& connection, WatchThread& thread) {
                                    return thread.sample(statements, connection, due_by);
                                  });
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::PruneStep>> RowStore::prune() {
  co_return co_await prunes_->run("removing old rows of " + table_.name(),
                                  [](Statements& statements, Connection& connection, PruneThread& thread) {
                                    return thread.step(statements, connection);
                                  });
}

dispatch::Awaitable<dispatch::WakeUps> RowStore::arm_wake_ups() {
  const auto armed = co_await claims_.run("asking to be woken by " + table_.name(),
                                          [](Statements& statements, Connection& connection, ClaimThread& thread) {
                                            return thread.arm_wake_ups(statements, connection);
                                          });
  // A fault of the connection shows in the next claim.
  if (!armed) co_return dispatch::WakeUps::not_now;
  pass_on(armed->warnings);
  co_return armed->value;
}

dispatch::Awaitable<void> RowStore::disarm_wake_ups() {
  co_await claims_.run("telling " + table_.name() + " that no wake-up is needed",
                       [](Statements& statements, Connection& connection, ClaimThread& thread) {
                         thread.disarm_wake_ups(statements, connection);
                         return true;
                       });
}

dispatch::Awaitable<void> RowStore::notify_on_commit(std::function<void()> notify) {
  const auto loop = co_await boost::asio::this_coro::executor;
  claims_.notify_on_input(loop, std::move(notify));
}

}  // namespace outboxd::outbox_store
