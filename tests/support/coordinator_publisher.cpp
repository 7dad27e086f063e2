// SPDX-License-Identifier: Apache-2.0
#include "support/coordinator_publisher.hpp"

#include "postgres/pqxx_compat.hpp"
#include "support/signature.hpp"

namespace outboxd::test {
namespace {

// One result row for each field of a payload, in the order in which Postgres prints them.
constexpr const char* kLock = R"sql(
WITH locked AS (
  SELECT id, topic, dedupe_key, payload_json, created_at FROM caracal_outbox
   WHERE producer = 'coordinator' AND status = 'pending' AND available_at <= now()
   ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
SELECT id, topic, dedupe_key, field.key, coalesce(field.value, 'null')
  FROM locked LEFT JOIN LATERAL jsonb_each_text(payload_json) WITH ORDINALITY AS field (key, value, place) ON true
 ORDER BY created_at, id, field.place)sql";

constexpr const char* kPublished = R"sql(
UPDATE caracal_outbox SET attempts = attempts + 1, status = 'published', published_at = now(), updated_at = now()
 WHERE id = $1)sql";

constexpr const char* kFailed = R"sql(
UPDATE caracal_outbox
   SET attempts = attempts + 1, status = CASE WHEN attempts + 1 >= 10 THEN 'dead' ELSE status END,
       available_at = now() + (least(attempts + 1, 60) + random()) * interval '1 second', updated_at = now()
 WHERE id = $1)sql";

}  // namespace

CoordinatorPublisher::CoordinatorPublisher(const Database& database, const PrivateRedis& redis, int batch)
    : connection_(database.connect()), redis_(redis.probe()), batch_(batch) {}

CoordinatorPublisher::Turn CoordinatorPublisher::turn(const std::function<void()>& with_rows_locked) {
  pqxx::work transaction(*connection_);
  const auto rows = lock(transaction, batch_);
  if (with_rows_locked) with_rows_locked();
  Turn turn;
  for (const auto& row : rows) {
    const bool sent = send(row);
    postgres::exec(transaction, sent ? kPublished : kFailed, row.id);
    ++(sent ? turn.published : turn.failed);
  }
  transaction.commit();
  return turn;
}

std::vector<CoordinatorPublisher::Locked> CoordinatorPublisher::lock(pqxx::work& transaction, int batch) {
  std::vector<Locked> rows;
  for (const auto& line : postgres::exec(transaction, kLock, batch)) {
    const auto id = postgres::text_of(line[0]);
    if (rows.empty() || rows.back().id != id) {
      rows.push_back(
          {id, postgres::text_of(line[1]), {{"outbox_id", id}, {"dedupe_key", postgres::text_of(line[2])}}});
    }
    if (!line[3].is_null()) rows.back().fields.emplace_back(postgres::text_of(line[3]), postgres::text_of(line[4]));
  }
  return rows;
}

bool CoordinatorPublisher::send(const Locked& row) {
  std::vector<std::string> command{"XADD", row.topic, "MAXLEN", "~", "100000", "*"};
  for (const auto& [name, value] : row.fields) command.insert(command.end(), {name, value});
  command.insert(command.end(), {"_sig", expected_signature(row.topic, row.fields)});
  return !redis_.send(command).is_error();
}

}  // namespace outboxd::test
