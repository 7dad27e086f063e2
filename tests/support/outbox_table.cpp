// SPDX-License-Identifier: Apache-2.0
#include "support/outbox_table.hpp"

#include "support/signature.hpp"
#include "support/wait.hpp"

#include <regex>
#include <stdexcept>

namespace outboxd::test {
namespace {

constexpr const char* kEventOutbox = R"sql(
CREATE TABLE event_outbox (
  id text PRIMARY KEY,
  stream_name text NOT NULL,
  payload_json jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  locked_until timestamptz,
  locked_by text,
  last_error text,
  dispatched_at timestamptz,
  request_id text,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX event_outbox_dispatch_ready ON event_outbox (available_at) WHERE dispatched_at IS NULL;
CREATE INDEX event_outbox_undispatched_age ON event_outbox (created_at) WHERE dispatched_at IS NULL)sql";

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  const auto end = text.rfind('\n');
  return end == std::string::npos ? text : text.substr(end + 1);
}

std::string member(const std::string& json, const std::string& name, const std::string& value) {
  std::smatch found;
  if (!std::regex_search(json, found, std::regex("[{,]\\s*\"" + name + "\"\\s*:\\s*" + value + "\\s*[,}]"))) {
    throw std::runtime_error("the last line has no member " + name + ": " + json);
  }
  return found[1];
}

}  // namespace

void create_contract_table(const Database& database) {
  database.exec(kEventOutbox);
}

Database contract_database() {
  auto database = shared_postgres().create_database();
  create_contract_table(database);
  return database;
}

std::string new_stream(std::string_view topic) {
  static int count = 0;
  return "test." + std::string(topic) + "." + std::to_string(++count);
}

std::string literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

void insert_row(const Database& database, const std::string& id, const std::string& stream,
                const std::string& payload_json) {
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json) VALUES (" + literal(id) + ", " +
                literal(stream) + ", " + literal(payload_json) + ")");
}

void insert_rows(const Database& database, const std::string& prefix, const std::string& stream, int count) {
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json) SELECT " + literal(prefix) +
                " || lpad(n::text, 6, '0'), " + literal(stream) +
                ", jsonb_build_object('n', n) FROM generate_series(1, " + std::to_string(count) + ") AS n");
}

std::int64_t count_rows(const Database& database, const std::string& condition) {
  return std::stoll(database.scalar("SELECT count(*) FROM event_outbox WHERE " + condition));
}

Environment outboxd_environment(const Database& database, const PrivateRedis& redis) {
  return {{"DATABASE_URL", database.url},
          {"REDIS_URL", redis.url()},
          {"STREAMS_HMAC_KEY", test_key()},
          {"OUTBOXD_HTTP_LISTEN", "off"}};
}

Environment with(Environment environment, const Environment& changes) {
  for (const auto& [name, value] : changes) {
    if (value.empty()) {
      environment.erase(name);
    } else {
      environment[name] = value;
    }
  }
  return environment;
}

OnceCounts once_counts(const std::string& standard_output) {
  const auto line = last_line(standard_output);
  if (!line.starts_with('{') || !line.ends_with('}')) {
    throw std::runtime_error("the last line is no JSON object: " + line);
  }
  const auto number = [&](const std::string& name) { return std::stoll(member(line, name, "(\\d+)")); };
  return {member(line, "status", "\"(\\w+)\""),
          number("claimed"),
          number("published"),
          number("retried"),
          number("dead"),
          number("released")};
}

std::uint16_t http_port(const Child& outboxd) {
  static const std::regex said("on port (\\d+)");
  std::smatch found;
  std::string log;
  wait_until(
      [&] {
        log = outboxd.out() + outboxd.err();
        return std::regex_search(log, found, said);
      },
      std::chrono::seconds(20), "outboxd to say its HTTP port");
  return static_cast<std::uint16_t>(std::stoi(found[1]));
}

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace outboxd::test
