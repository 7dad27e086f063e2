// SPDX-License-Identifier: Apache-2.0
#include "postgres/row_store.hpp"

#include "postgres/array_literal.hpp"
#include "postgres/error_text.hpp"
#include "postgres/identifier.hpp"
#include "postgres/worker_lock.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::postgres {
namespace {

constexpr std::uint64_t kCountCap = 100'000;
constexpr std::chrono::seconds kReconnectGrace{10};
constexpr const char* kPooledPrefix = "pooled:";

Parameter or_null(const std::string& text) {
  return text.empty() ? Parameter{} : Parameter{text};
}

std::uint64_t number_of(const pqxx::field& field) {
  return std::stoull(text_of(field));
}

/// Attempts are an integer that others may have set to anything.
std::uint32_t attempt_of(const pqxx::field& field) {
  return static_cast<std::uint32_t>(std::max(0LL, std::stoll(text_of(field))));
}

Row read_row(const pqxx::row& line, std::uint64_t max_payload_bytes) {
  Row row;
  row.id = text_of(line[0]);
  row.stream = text_of(line[1]);
  row.payload_json = text_of(line[2]);
  row.attempt = attempt_of(line[3]);
  if (const auto bytes = number_of(line[6]); bytes > max_payload_bytes) row.oversize_bytes = bytes;
  return row;
}

dispatch::ClaimedRows read_claim(const pqxx::result& result, std::uint64_t max_payload_bytes) {
  dispatch::ClaimedRows claimed;
  claimed.claimed_at = text_of(result[0][5]);
  if (result[0][0].is_null()) return claimed;
  claimed.lease = text_of(result[0][4]);
  claimed.rows.reserve(row_count(result));
  for (const auto& line : result) claimed.rows.push_back(read_row(line, max_payload_bytes));
  return claimed;
}

/// Outcomes as the parallel arrays that the settle statement takes.
struct OutcomeArrays {
  std::vector<std::string> ids;
  std::vector<std::string> verdicts;
  std::vector<std::string> delays;
  std::vector<std::optional<std::string>> errors;
  bool all_published = true;
};

OutcomeArrays arrays_of(const std::vector<Outcome>& outcomes) {
  OutcomeArrays arrays;
  for (const auto& outcome : outcomes) {
    arrays.ids.push_back(outcome.id);
    arrays.all_published = arrays.all_published && outcome.verdict == Verdict::published;
  }
  if (arrays.all_published) return arrays;
  for (const auto& outcome : outcomes) {
    arrays.verdicts.emplace_back(to_string(outcome.verdict));
    arrays.delays.push_back(std::to_string(outcome.delay.count()));
    arrays.errors.push_back(outcome.error.empty() ? std::nullopt : std::optional{storable_error(outcome.error)});
  }
  return arrays;
}

SessionOptions with_worker_lock(const RowStoreOptions& options) {
  auto session = options.session;
  session.opening_sql = take_worker_lock_sql(options.worker);
  return session;
}

}  // namespace

RowStore::RowStore(RowStoreOptions options)
    : options_{std::move(options)},
      table_{quote_table(options_.table)},
      streams_{options_.streams.empty() ? std::nullopt : std::optional{array_literal(options_.streams)}},
      layout_{event_outbox_layout(table_, false)},
      claim_session_{"pg-claim", with_worker_lock(options_)},
      settle_session_{"pg-settle", with_worker_lock(options_)},
      watch_session_{"pg-watch", with_worker_lock(options_)} {}

dispatch::Awaitable<dispatch::StoreResult<TableReport>> RowStore::inspect() {
  auto report = co_await claim_session_.run("looking at " + table_, [this](pqxx::transaction_base& transaction) {
    // Behind a pooler nobody can see whether we live: the name must not say that our lock shows it.
    if (claim_session_.is_pooled() && !options_.worker.starts_with(kPooledPrefix)) {
      options_.worker.insert(0, kPooledPrefix);
    }
    return inspect_table(transaction, table_, layout_);
  });
  if (report) layout_ = event_outbox_layout(table_, report->plain);
  co_return report;
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> RowStore::claim(dispatch::ClaimRequest request) {
  // Taken before the statement is sent: the server's own end of the lease can only be later.
  const auto lease_ends = std::chrono::steady_clock::now() + options_.lease;
  auto claimed =
      co_await claim_session_.run("claiming from " + table_, [this, &request](pqxx::transaction_base& transaction) {
        return read_claim(exec(transaction, layout_.claim, request.limit, options_.worker, options_.lease.count(),
                               or_null(request.due_by), streams_, options_.max_payload_bytes, options_.max_attempts),
                          options_.max_payload_bytes);
      });
  if (claimed) claimed->lease_ends = lease_ends;
  co_return claimed;
}

dispatch::Awaitable<dispatch::StoreResult<std::size_t>> RowStore::settle(const dispatch::Settlement& settlement) {
  co_return co_await settle_session_.run(
      "settling in " + table_, [this, &settlement](pqxx::transaction_base& transaction) -> std::size_t {
        const auto outcomes = arrays_of(settlement.outcomes);
        const auto ids = array_literal(outcomes.ids);
        if (outcomes.all_published) {
          return affected_rows(exec(transaction, layout_.mark_published, ids, options_.worker, settlement.lease));
        }
        return affected_rows(exec(transaction, layout_.settle, ids, options_.worker, settlement.lease,
                                  array_literal(outcomes.verdicts), array_literal(outcomes.delays),
                                  array_literal(outcomes.errors)));
      });
}

dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> RowStore::free_rows_of_the_dead(int sightings) {
  co_return co_await watch_session_.run(
      "looking for dead workers in " + table_, [this, sightings](pqxx::transaction_base& transaction) {
        std::map<std::string, int> missing;
        // After a restart or failover everybody's sessions are new: a live worker may come back later than we did.
        if (watch_session_.reopened_within(kReconnectGrace)) return std::vector<std::string>{};
        std::vector<std::string> dead;
        for (const auto& line : exec(transaction, layout_.gone_workers, options_.worker, streams_)) {
          auto worker = text_of(line[0]);
          const auto before = missing_.find(worker);
          const int times = before == missing_.end() ? 1 : before->second + 1;
          if (times >= sightings) dead.push_back(worker);
          missing.emplace(std::move(worker), times);
        }
        missing_ = std::move(missing);
        if (!dead.empty()) exec(transaction, layout_.free_leases, array_literal(dead), streams_);
        return dead;
      });
}

dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> RowStore::sample(std::string due_by) {
  co_return co_await watch_session_.run("counting " + table_, [this, &due_by](pqxx::transaction_base& transaction) {
    const auto result = exec(transaction, layout_.sample, or_null(due_by), streams_, kCountCap);
    const auto line = result[0];
    dispatch::BacklogSample sample;
    sample.pending = number_of(line[0]);
    sample.dead = number_of(line[1]);
    sample.due = number_of(line[2]);
    sample.cap = kCountCap;
    if (!line[3].is_null()) sample.oldest_pending = std::chrono::milliseconds{number_of(line[3])};
    return sample;
  });
}

}  // namespace outboxd::postgres
