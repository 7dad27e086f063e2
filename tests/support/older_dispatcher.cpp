// SPDX-License-Identifier: Apache-2.0
#include "support/older_dispatcher.hpp"

#include "postgres/pqxx_compat.hpp"
#include "support/signature.hpp"

#include <stdexcept>

namespace outboxd::test {
namespace {

constexpr const char* kClaim = R"sql(
WITH claimed AS (
  UPDATE event_outbox SET attempts = attempts + 1, locked_by = $1, locked_until = now() + interval '30 seconds'
   WHERE id IN (SELECT id FROM event_outbox
                 WHERE dispatched_at IS NULL AND available_at <= now()
                   AND (locked_until IS NULL OR locked_until < now())
                 ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING id, stream_name, payload_json, available_at)
SELECT id, stream_name, key, value FROM claimed LEFT JOIN LATERAL jsonb_each_text(payload_json) ON true
 ORDER BY available_at, id, key)sql";

}  // namespace

OlderDispatcher::OlderDispatcher(const Database& database, const PrivateRedis& redis, int batch)
    : connection_(database.connect()), redis_(redis.probe()), batch_(batch) {}

int OlderDispatcher::turn() {
  const auto rows = claim();
  for (const auto& row : rows) {
    send(row);
    mark(row.id);
  }
  return static_cast<int>(rows.size());
}

std::vector<OlderDispatcher::Claimed> OlderDispatcher::claim() {
  pqxx::nontransaction session(*connection_);
  std::vector<Claimed> rows;
  for (const auto& line : postgres::exec(session, kClaim, kName, batch_)) {
    const auto id = postgres::text_of(line[0]);
    if (rows.empty() || rows.back().id != id) {
      rows.push_back({id, postgres::text_of(line[1]), {{"outbox_id", id}}});
    }
    if (!line[2].is_null()) rows.back().fields.emplace_back(postgres::text_of(line[2]), postgres::text_of(line[3]));
  }
  return rows;
}

void OlderDispatcher::send(const Claimed& row) {
  std::vector<std::string> command{"XADD", row.stream, "MAXLEN", "~", "100000", "*"};
  for (const auto& [name, value] : row.fields) command.insert(command.end(), {name, value});
  command.insert(command.end(), {"_sig", expected_signature(row.stream, row.fields)});
  if (const auto reply = redis_.send(command); reply.is_error()) throw std::runtime_error("XADD: " + reply.text);
}

void OlderDispatcher::mark(const std::string& id) {
  pqxx::nontransaction session(*connection_);
  postgres::exec(
      session, "UPDATE event_outbox SET dispatched_at = now(), locked_until = NULL, last_error = NULL WHERE id = $1",
      id);
}

}  // namespace outboxd::test
