// SPDX-License-Identifier: Apache-2.0
#include "bench/floors.hpp"

#include "bench/cpu.hpp"
#include "entry/encoder.hpp"
#include "outbox_store/claims.hpp"
#include "outbox_store/settlements.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/session.hpp"
#include "redis/resp.hpp"
#include "redis/xadd.hpp"

#include <chrono>
#include <numeric>
#include <stdexcept>

namespace outboxd::bench {
namespace {

constexpr std::uint64_t kMaxlen = 100'000;

constexpr const char* kSettings =
    "SET synchronous_commit = off; SET jit = off; SET TimeZone = 'UTC'; SET statement_timeout = '30s'";

constexpr const char* kClaim = R"sql(
UPDATE event_outbox SET attempts = attempts + 1, locked_by = 'floor', locked_until = now() + interval '30 seconds'
 WHERE id IN (SELECT id FROM event_outbox
               WHERE dispatched_at IS NULL AND available_at <= now() AND (locked_until IS NULL OR locked_until < now())
               ORDER BY available_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, stream_name, payload_json::text, attempts)sql";

constexpr const char* kMark = R"sql(
UPDATE event_outbox SET dispatched_at = now(), locked_until = NULL, last_error = NULL
 WHERE id = ANY ($1::text[]) AND locked_by = 'floor')sql";

/// Calls `batch` until it returns 0; measures the time, and adds up the results.
template <class Batch>
Drain until_empty(const World& world, const Batch& batch) {
  const CpuMeter meter{world};
  const double cpu_before = cpu_of_this_thread();
  const auto begin = std::chrono::steady_clock::now();
  Drain drained;
  for (std::size_t rows = batch(); rows > 0; rows = batch()) drained.rows += static_cast<std::int64_t>(rows);
  drained.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  drained.rows_timed = drained.rows;
  drained.reported_seconds = drained.seconds;
  drained.cpu = meter.used(cpu_of_this_thread() - cpu_before);
  return drained;
}

std::unique_ptr<pqxx::connection> connect(const World& world, const test::Database& database) {
  auto connection = postgres::open_connection(world.database_url(database));
  pqxx::nontransaction session(*connection);
  postgres::exec(session, kSettings);
  return connection;
}

/// The contract's test key: bytes 0 to 31.
std::vector<std::uint8_t> signing_key() {
  std::vector<std::uint8_t> key(32);
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  return key;
}

}  // namespace

Drain contract_statements(const World& world, const test::Database& database, int batch) {
  const auto connection = connect(world, database);
  pqxx::nontransaction session(*connection);
  return until_empty(world, [&] {
    const auto claimed = postgres::exec(session, kClaim, batch);
    std::vector<std::string> ids;
    ids.reserve(postgres::row_count(claimed));
    for (const auto& row : claimed) ids.push_back(postgres::text_of(row[0]));
    if (!ids.empty()) postgres::exec(session, kMark, postgres::array_literal(ids));
    return ids.size();
  });
}

Drain daemon_statements(const World& world, const test::Database& database, int batch) {
  const auto connection = connect(world, database);
  {
    pqxx::nontransaction session(*connection);
    postgres::exec(session, postgres::session_settings({}));
  }
  const postgres::StatementMode mode{.prepares = true};
  postgres::PreparedStatements prepared;
  postgres::Statements statements{*connection, mode, prepared};
  const auto shape = outbox_table::event_outbox_shape();
  outbox_table::LayoutTerms terms{.table = "event_outbox", .worker = "floor"};
  terms = outbox_table::with_facts(terms,
                                   outbox_table::inspect_table(statements, terms.table, shape, terms.worker.size()));
  const auto layout = outbox_table::make_layout(shape, terms);
  outbox_store::Claims claims;
  return until_empty(world, [&] {
    const dispatch::ClaimRequest request{static_cast<std::uint32_t>(batch), {}, {}};
    const auto claimed = claims.claim(statements, layout, terms, request, terms.table);
    dispatch::Settlement settlement;
    settlement.lease = claimed.lease;
    for (const auto& row : claimed.rows) {
      settlement.outcomes.push_back({.id = row.id, .verdict = Verdict::published, .attempt = row.attempt});
    }
    if (!claimed.rows.empty()) outbox_store::write_outcomes(statements, layout, settlement, terms.table);
    return claimed.rows.size();
  });
}

Entries encode_all(const World& world, const test::Database& database) {
  const auto rows =
      database.rows("SELECT id, stream_name, payload_json::text FROM event_outbox ORDER BY available_at, id");
  const auto key = signing_key();
  entry::Encoder encoder{{}, key};
  Entries made;
  made.entries.reserve(rows.size());
  std::size_t next = 0;
  made.encoding = until_empty(world, [&]() -> std::size_t {
    if (next == rows.size()) return 0;
    const auto& row = rows[next++];
    auto encoded = encoder.encode({row[1], row[0], std::nullopt, row[2]});
    if (!encoded.refusal.empty()) throw std::runtime_error("an event of the benchmark: " + encoded.refusal);
    made.entries.push_back(std::move(encoded.entry));
    return 1;
  });
  return made;
}

Drain xadd_alone(const World& world, const std::vector<entry::Entry>& entries, int batch) {
  struct Write {
    std::string bytes;
    std::size_t commands = 0;
  };
  std::vector<Write> writes;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i % static_cast<std::size_t>(batch) == 0) writes.emplace_back();
    redis::append_xadd(writes.back().bytes, entries[i], {kMaxlen});
    ++writes.back().commands;
  }
  auto socket = world.redis_socket();
  redis::ReplyReader replies;
  redis::ErrorTexts texts{""};
  std::size_t next = 0;
  return until_empty(world, [&]() -> std::size_t {
    if (next == writes.size()) return 0;
    const auto& write = writes[next++];
    socket.send(write.bytes);
    for (std::size_t read = 0; read < write.commands;) {
      if (auto reply = replies.next()) {
        if (redis::read_xadd_reply(std::move(*reply), texts).fault != Fault::none)
          throw std::runtime_error("XADD failed");
        ++read;
      } else if (!replies.feed(socket.receive())) {
        throw std::runtime_error("Redis: " + replies.error());
      }
    }
    return write.commands;
  });
}

}  // namespace outboxd::bench
