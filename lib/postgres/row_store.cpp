// SPDX-License-Identifier: Apache-2.0
#include "postgres/row_store.hpp"

#include "postgres/backlog.hpp"
#include "postgres/identifier.hpp"
#include "postgres/settlements.hpp"
#include "postgres/stream_index.hpp"
#include "postgres/worker_lock.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::postgres {
namespace {

constexpr std::chrono::seconds kReconnectGrace{10};
constexpr const char* kPooledPrefix = "pooled:";

// Our own statements hold row locks for milliseconds: what takes longer is somebody else's, and rows that wait for it
// are settled apart from their batch. Claims skip locked rows, and wait for a lock on the table as long as they may.
constexpr std::chrono::milliseconds kLockTimeout{250};

// A claim or a settlement that takes longer than this is tried in parts, so that a row whose trigger takes long
// doesn't hold up its neighbours for the whole of the time-out.
std::chrono::milliseconds usual_timeout_of(std::chrono::milliseconds statement_timeout) {
  return std::min(statement_timeout,
                  std::max<std::chrono::milliseconds>(std::chrono::seconds{1}, statement_timeout / 10));
}

SessionOptions with_worker_lock(const RowStoreOptions& options) {
  auto session = options.session;
  session.opening_sql = take_worker_lock_sql(options.terms.worker);
  session.usual_timeout = usual_timeout_of(session.statement_timeout);
  return session;
}

/// For statements that change no row, or are not tried in parts.
SessionOptions with_long_statements(SessionOptions session) {
  session.usual_timeout = {};
  return session;
}

SessionOptions with_short_waits(SessionOptions session) {
  session.lock_timeout = kLockTimeout;
  return session;
}

}  // namespace

RowStore::RowStore(const RowStoreOptions& options)
    : shape_{options.shape},
      name_{quote_table(options.table)},
      terms_{options.terms},
      commits_{options.poll_interval},
      claim_session_{"pg-claim", with_worker_lock(options)},
      settle_session_{"pg-settle", with_short_waits(with_worker_lock(options))},
      watch_session_{"pg-watch", with_short_waits(with_long_statements(with_worker_lock(options)))} {}

dispatch::Awaitable<dispatch::StoreResult<TableReport>> RowStore::inspect() {
  auto report = co_await claim_session_.run("looking at " + name_, [this](Statements& statements) {
    // Behind a pooler nobody can see whether we live: the name must not say that our lock shows it.
    if (claim_session_.is_pooled() && !terms_.worker.starts_with(kPooledPrefix)) {
      terms_.worker.insert(0, kPooledPrefix);
    }
    auto found = inspect_table(statements, name_, shape_, terms_.worker.size());
    if (found.problems.empty()) {
      const auto advice = advice_on_stream_index(statements, shape_, terms_.streams, found.table);
      if (!advice.empty()) found.warnings.push_back(advice);
    }
    return found;
  });
  if (report) {
    terms_ = with_facts(terms_, *report);
    layout_ = make_layout(shape_, terms_);
    commits_.watch(terms_.table);
  }
  co_return report;
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> RowStore::claim(dispatch::ClaimRequest request) {
  auto overlooked = std::exchange(overlooked_, {});
  if (request.only.empty()) except_streams_ = request.except_streams;
  std::string mark;
  auto claimed = co_await claim_session_.run("claiming from " + name_, [&](Statements& statements) {
    // Whatever was told before tells of nothing that the claim doesn't see.
    claim_session_.forget_notifications();
    // Another server's clock may be another, and what it has may lie anywhere.
    const auto connection = claim_session_.connections();
    if (std::exchange(claims_on_connection_, connection) != connection) claims_.forget_the_mark();
    claims_.hand_over(std::move(overlooked));
    auto rows = claims_.claim(statements, layout_, terms_, request, name_);
    if (claims_.wants_new_connection()) claim_session_.reopen();
    mark = claims_.mark();
    return rows;
  });
  mark_ = std::move(mark);
  co_return claimed;
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> RowStore::settle(
    const dispatch::Settlement& settlement) {
  auto settled = co_await settle_session_.run("settling in " + name_, [this, &settlement](Statements& statements) {
    auto written = write_outcomes(statements, layout_, settlement, name_);
    if (written.wants_new_connection) settle_session_.reopen();
    return std::move(written.settled);
  });
  if (settled) remember_released(settlement);
  co_return settled;
}

void RowStore::remember_released(const dispatch::Settlement& settlement) {
  if (mark_.empty()) return;
  // They are due since they were before.
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict == Verdict::release && outcome.delay.count() == 0) overlooked_.ids.push_back(outcome.id);
  }
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::LookOut>> RowStore::look_out(int sightings, std::string due_by) {
  const auto mark = mark_;
  const auto except_streams = except_streams_;
  if (layout_.look_out.empty() && mark.empty()) co_return dispatch::LookOut{};
  auto looked = co_await watch_session_.run("looking around in " + name_, [&, this](Statements& statements) {
    const bool too_early = watch_session_.reopened_within(kReconnectGrace);
    return watch_.look(statements, layout_,
                       {.sightings = sightings,
                        .due_by = due_by,
                        .mark = mark,
                        .except_streams = except_streams,
                        .workers_may_reconnect = too_early});
  });
  if (!looked) co_return looked.error();
  auto& found = looked->overlooked;
  overlooked_.ids.insert(overlooked_.ids.end(), found.ids.begin(), found.ids.end());
  if (!found.many_from.empty()) overlooked_.many_from = std::move(found.many_from);
  if (found.swept) overlooked_.swept = found.swept;
  co_return std::move(looked->seen);
}

dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> RowStore::suspects(std::string due_by) {
  if (layout_.suspects.empty()) co_return std::vector<std::string>{};
  co_return co_await watch_session_.run("looking for suspects in " + name_, [this, &due_by](Statements& statements) {
    std::vector<std::string> ids;
    for (const auto& line : exec(statements, layout_.suspects, or_null(due_by))) {
      ids.push_back(text_of(line[0]));
    }
    return ids;
  });
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> RowStore::sample(std::string due_by) {
  co_return co_await watch_session_.run("counting " + name_, [this, &due_by](Statements& statements) {
    return count_backlog(statements, layout_, due_by);
  });
}

dispatch::Awaitable<dispatch::WakeUps> RowStore::arm_wake_ups() {
  const auto armed = co_await claim_session_.run("asking to be woken by " + name_, [this](Statements& statements) {
    // Whoever asks behind a pooler listens in a session that is somebody else's the next moment.
    if (claim_session_.is_pooled()) return dispatch::WakeUps::none;
    const auto answer = commits_.arm(statements, claim_session_.connections());
    if (answer != dispatch::WakeUps::none) claim_session_.listen();
    return answer;
  });
  // What is wrong with the connection shows in the next claim.
  co_return armed ? *armed : dispatch::WakeUps::not_now;
}

dispatch::Awaitable<void> RowStore::disarm_wake_ups() {
  co_await claim_session_.run("telling " + name_ + " that no wake-up is needed", [this](Statements& statements) {
    commits_.disarm(statements, claim_session_.connections());
    return true;
  });
}

dispatch::Awaitable<void> RowStore::ring_for_rows(std::function<void()> ring) {
  const auto loop = co_await boost::asio::this_coro::executor;
  claim_session_.ring_for_input(loop, std::move(ring));
}

}  // namespace outboxd::postgres
