// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/row_store.hpp"

#include "outbox_store/backlog.hpp"
#include "outbox_store/settlements.hpp"
#include "outbox_store/table_lock.hpp"
#include "outbox_store/worker_name.hpp"
#include "outbox_table/stream_index.hpp"
#include "postgres/identifier.hpp"
#include "postgres/sqlstate.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::outbox_store {

using outbox_table::Driver;
using outbox_table::TableReport;
using postgres::Statements;

namespace {

// The class of errors about what a statement names, and of what type it is.
constexpr const char* kNamesAndTypes = "42";
// Not every change makes a statement fail: another table may have this one's name by now, and rows in its places.
constexpr std::chrono::seconds kInspectAgain{5};

/// Postgres refuses every row for what a statement names, or for its types.
bool names_or_types(const std::vector<dispatch::RefusedRow>& refused) {
  return !refused.empty() && std::ranges::all_of(refused, [](const dispatch::RefusedRow& row) {
    return row.cause.starts_with(kNamesAndTypes);
  });
}

// Our own statements hold row locks for milliseconds: what takes longer is somebody else's, and rows that wait for it
// are settled apart from their batch. Claims skip locked rows, and wait for a lock on the table as long as they may.
constexpr std::chrono::milliseconds kLockTimeout{250};

// A claim or a settlement that takes longer than this is tried in parts, so that a row whose trigger takes long
// doesn't hold up its neighbours for the whole of the time-out.
std::chrono::milliseconds usual_timeout_of(std::chrono::milliseconds statement_timeout) {
  return std::min(statement_timeout,
                  std::max<std::chrono::milliseconds>(std::chrono::seconds{1}, statement_timeout / 10));
}

postgres::SessionOptions with_usual_timeout(postgres::SessionOptions session) {
  session.usual_timeout = usual_timeout_of(session.statement_timeout);
  return session;
}

postgres::SessionOptions with_short_waits(postgres::SessionOptions session) {
  session.lock_timeout = kLockTimeout;
  return session;
}

}  // namespace

RowStore::RowStore(const RowStoreOptions& options)
    : table_{postgres::quote_table(options.table), options.shape, options.terms},
      warn_{options.warn},
      commits_{options.poll_interval},
      claims_at_{{"pg-claim", with_usual_timeout(options.session)}},
      settles_at_{{"pg-settle", with_short_waits(with_usual_timeout(options.session))}},
      watches_at_{{"pg-watch", with_short_waits(options.session)}} {}

template <class Work, class Failed>
auto RowStore::driving(Seat& seat, Work work, Failed failed) {
  return [this, &seat, work, failed](Statements& statements) {
    auto driver = table_.driver();
    // While any session of ours holds it, the worker isn't taken for dead; one that can't have it goes on without.
    if (!seat.session.is_pooled() && shows_life(*driver)) {
      seat.lock.hold(statements, seat.session.connections(), driver->terms.worker);
    }
    // Where the table has changed, so have the types for which triggers have made plans on this connection.
    try {
      auto done = work(statements, *driver);
      if (!failed(done)) return done;
      seat.session.reopen();
      if (!table_.has_changed(statements, *driver)) return done;
    } catch (const std::exception& error) {
      look_for_table_lock(statements, driver->layout, postgres::sqlstate_of(error));
      if (!postgres::sqlstate_of(error).starts_with(kNamesAndTypes)) throw;
      seat.session.reopen();
      if (!table_.has_changed(statements, *driver)) throw;
    }
    driver = table_.driver();
    return work(statements, *driver);
  };
}

template <class Work>
auto RowStore::driving(Seat& seat, Work work) {
  return driving(seat, work, [](const auto& /*done*/) { return false; });
}

dispatch::Awaitable<dispatch::StoreResult<TableReport>> RowStore::inspect() {
  auto report = co_await claims_at_.session.run("looking at " + table_.name(), [this](Statements& statements) {
    if (claims_at_.session.is_pooled()) go_without_lock(table_);
    auto found = table_.inspect(statements);
    if (found.problems.empty()) {
      const bool would_serve =
          table_.shape().has_lease_columns() && outbox_table::takes_few_streams(table_.driver()->terms);
      if (would_serve && !found.has_stream_index) {
        found.warnings.push_back(outbox_table::advice_on_stream_index(table_.shape(), found.table));
      }
      keep_a_name(statements);
    } else {
      // By then another login may have been read, or the role may have got other settings.
      claims_at_.session.reopen();
    }
    return found;
  });
  pass_on_warnings();
  co_return report;
}

void RowStore::use_conninfo(const std::string& conninfo) {
  for (auto* seat : {&claims_at_, &settles_at_, &watches_at_}) seat->session.use_conninfo(conninfo);
}

void RowStore::keep_a_name(Statements& statements) {
  auto& session = claims_at_.session;
  if (session.is_pooled()) {
    go_without_lock(statements, table_);
    return;
  }
  auto warning = outbox_store::keep_a_name(statements, table_, claims_at_.lock, session.connections());
  if (!warning.empty()) warnings_.push_back(std::move(warning));
}

void RowStore::pass_on_warnings() {
  for (const auto& warning : std::exchange(warnings_, {})) {
    if (warn_) warn_(warning);
  }
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> RowStore::claim(dispatch::ClaimRequest request) {
  auto overlooked = std::exchange(overlooked_, {});
  if (request.only.empty()) except_streams_ = request.except_streams;
  std::string mark;
  auto& session = claims_at_.session;
  const auto claim = driving(
      claims_at_,
      [this, &request](Statements& statements, const Driver& driver) {
        return claims_.claim(statements, driver.layout, driver.terms, request, table_.name());
      },
      [](const dispatch::ClaimedRows& rows) { return rows.rows.empty() && names_or_types(rows.refused); });
  auto claimed = co_await session.run("claiming from " + table_.name(), [&, this](Statements& statements) {
    // Earlier notifications are stale: this claim sees those rows itself.
    session.forget_notifications();
    // Another server's clock may be another, and what it has may lie anywhere.
    const auto connection = session.connections();
    const auto before = std::exchange(claims_on_connection_, connection);
    if (before != connection) claims_.forget_the_mark();
    claims_.hand_over(std::exchange(overlooked, {}));
    keep_a_name(statements);
    auto rows = claim(statements);
    rows.reconnected = before != 0 && before != connection;
    if (claims_.wants_new_connection()) session.reopen();
    mark = claims_.mark();
    return rows;
  });
  pass_on_warnings();
  mark_ = std::move(mark);
  co_return claimed;
}

dispatch::Settled RowStore::settle(Statements& statements, const Driver& driver,
                                   const dispatch::Settlement& settlement) {
  const auto write = [&](const Driver& by) {
    auto written = write_outcomes(statements, by.layout, settlement, table_.name());
    if (written.wants_new_connection) settles_at_.session.reopen();
    return std::move(written.settled);
  };
  auto settled = write(driver);
  const auto known = settled.written + settled.undone.size() + settled.refused.size() + settled.untried.size();
  const auto now = table_.driver();
  if (known == settlement.outcomes.size() || now->terms.worker == driver.terms.worker) return settled;
  // The worker was renamed meanwhile, and its leases with it. What is written is ours no more.
  auto rest = write(*now);
  rest.written += settled.written;
  for (auto& row : settled.undone) {
    // What was undone may be ours still, and undone again.
    if (std::ranges::find(rest.undone, row.id, &dispatch::RefusedRow::id) == rest.undone.end()) {
      rest.undone.push_back(std::move(row));
    }
  }
  return rest;
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> RowStore::settle(
    const dispatch::Settlement& settlement) {
  auto settled = co_await settles_at_.session.run(
      "settling in " + table_.name(),
      driving(
          settles_at_,
          [this, &settlement](Statements& statements, const Driver& driver) {
            return settle(statements, driver, settlement);
          },
          [](const dispatch::Settled& done) { return done.written == 0 && names_or_types(done.refused); }));
  if (settled) remember_released(settlement);
  co_return settled;
}

void RowStore::remember_released(const dispatch::Settlement& settlement) {
  if (mark_.empty()) return;
  // They are due since they were before.
  std::vector<std::string> ids;
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict == Verdict::release && outcome.delay.count() == 0) ids.push_back(outcome.id);
  }
  overlooked_.add(ids);
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::LeaseScan>> RowStore::scan(std::vector<std::string> known,
                                                                               std::string due_by) {
  const Watch::Claimed claimed{mark_, except_streams_};
  if (table_.driver()->layout.look_out.empty() && mark_.empty()) co_return dispatch::LeaseScan{};
  auto look = driving(watches_at_, [&, this](Statements& statements, const Driver& driver) {
    auto result = watch_.scan(statements, driver.layout, {.due_by = due_by, .known = known}, claimed);
    result.scan.workers.reconnected_at = watches_at_.session.reopened_at();
    return result;
  });
  auto looked = co_await watches_at_.session.run("looking around in " + table_.name(), std::move(look));
  if (!looked) co_return looked.error();
  overlooked_.add(std::move(looked->overlooked));
  co_return std::move(looked->scan);
}

dispatch::Awaitable<dispatch::StoreResult<bool>> RowStore::end_leases_of(std::vector<std::string> workers) {
  const Watch::Claimed claimed{mark_, except_streams_};
  auto end = driving(watches_at_, [&, this](Statements& statements, const Driver& driver) {
    return watch_.end_leases(statements, driver.layout, workers, claimed);
  });
  auto ended = co_await watches_at_.session.run("ending leases in " + table_.name(), std::move(end));
  if (!ended) co_return ended.error();
  if (!*ended) co_return false;
  overlooked_.add(std::move(**ended));
  co_return true;
}

dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> RowStore::poison_candidates(std::string due_by) {
  if (table_.driver()->layout.suspects.empty()) co_return std::vector<std::string>{};
  co_return co_await watches_at_.session.run(
      "looking for poison candidates in " + table_.name(),
      driving(watches_at_, [&due_by](Statements& statements, const Driver& driver) {
        std::vector<std::string> ids;
        for (const auto& line : postgres::exec(statements, driver.layout.suspects, postgres::or_null(due_by))) {
          ids.push_back(postgres::text_of(line[0]));
        }
        return ids;
      }));
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> RowStore::sample(std::string due_by) {
  const auto count = driving(watches_at_, [this, &due_by](Statements& statements, const Driver& driver) {
    auto sample = count_backlog(statements, driver.layout, due_by);
    locked_rows_.add_to(sample, statements, driver.layout);
    return sample;
  });
  co_return co_await watches_at_.session.run("counting " + table_.name(), [this, &count](Statements& statements) {
    const auto now = std::chrono::steady_clock::now();
    if (now - inspected_at_ >= kInspectAgain) {
      inspected_at_ = now;
      table_.inspect(statements);
    }
    return count(statements);
  });
}

dispatch::Awaitable<dispatch::WakeUps> RowStore::arm_wake_ups() {
  const auto armed =
      co_await claims_at_.session.run("asking to be woken by " + table_.name(), [this](Statements& statements) {
        // Whoever asks behind a pooler listens in a session that is somebody else's the next moment.
        if (claims_at_.session.is_pooled()) return dispatch::WakeUps::none;
        commits_.watch(table_.driver()->terms.table);
        const auto answer = commits_.arm(statements, claims_at_.session.connections());
        if (auto notice = commits_.take_notice(); !notice.empty()) warnings_.push_back(std::move(notice));
        if (answer != dispatch::WakeUps::none) claims_at_.session.listen();
        return answer;
      });
  pass_on_warnings();
  // What is wrong with the connection shows in the next claim.
  co_return armed ? *armed : dispatch::WakeUps::not_now;
}

dispatch::Awaitable<void> RowStore::disarm_wake_ups() {
  co_await claims_at_.session.run("telling " + table_.name() + " that no wake-up is needed",
                                  [this](Statements& statements) {
                                    commits_.disarm(statements, claims_at_.session.connections());
                                    return true;
                                  });
}

dispatch::Awaitable<void> RowStore::ring_for_rows(std::function<void()> ring) {
  const auto loop = co_await boost::asio::this_coro::executor;
  claims_at_.session.ring_for_input(loop, std::move(ring));
}

}  // namespace outboxd::outbox_store
