// SPDX-License-Identifier: Apache-2.0
#include "support/caracal_table.hpp"

namespace outboxd::test {
namespace {

constexpr const char* kCaracalOutbox = R"sql(
CREATE TABLE caracal_outbox (
  id text PRIMARY KEY,
  producer text NOT NULL CHECK (producer IN ('api', 'coordinator')),
  topic text NOT NULL,
  dedupe_key text NOT NULL,
  payload_json jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'published', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (producer, topic, dedupe_key));
CREATE INDEX caracal_outbox_status_available ON caracal_outbox (status, available_at);
CREATE INDEX caracal_outbox_topic_status ON caracal_outbox (topic, status))sql";

}  // namespace

void create_caracal_table(const Database& database) {
  database.exec(kCaracalOutbox);
}

Database caracal_database() {
  auto database = shared_postgres().create_database();
  create_caracal_table(database);
  return database;
}

void insert_caracal_row(const Database& database, const std::string& id, const std::string& topic,
                        const std::string& payload_json) {
  database.exec("INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json) VALUES (" + literal(id) +
                ", 'coordinator', " + literal(topic) + ", " + literal("key-" + id) + ", " + literal(payload_json) +
                ")");
}

void insert_caracal_rows(const Database& database, const std::string& prefix, const std::string& topic, int count) {
  const auto rows = std::to_string(count);
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, available_at, created_at, "
      "updated_at)"
      " SELECT id, 'coordinator', " +
      literal(topic) + ", 'key-' || id, jsonb_build_object('n', n), moment, moment, moment FROM (SELECT n, " +
      literal(prefix) + " || lpad(n::text, 6, '0') AS id, now() - (" + rows +
      " - n) * interval '1 microsecond' AS moment FROM generate_series(1, " + rows + ") AS n) AS numbered");
}

std::int64_t count_caracal_rows(const Database& database, const std::string& condition) {
  return std::stoll(database.scalar("SELECT count(*) FROM caracal_outbox WHERE " + condition));
}

std::vector<std::string> for_caracal_table(std::vector<std::string> words) {
  words.insert(words.end(), {"--profile", "coordinator", "--layout", "caracal_outbox"});
  return words;
}

}  // namespace outboxd::test
