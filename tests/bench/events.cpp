// SPDX-License-Identifier: Apache-2.0
#include "bench/events.hpp"

namespace outboxd::bench {
namespace {

constexpr const char* kMoment = "now() - interval '1 hour' + n * interval '20 microseconds'";

std::string numbers(std::int64_t rows) {
  return " FROM generate_series(1::bigint, " + std::to_string(rows) + ") AS n";
}

}  // namespace

const std::vector<std::string>& streams() {
  static const std::vector<std::string> names{"caracal.audit.events", "caracal.policy.invalidate",
                                              "caracal.sessions.revoke", "caracal.keys.invalidate"};
  return names;
}

std::string EventSql::id() {
  const std::string time = "lpad(to_hex(1752000000000 + n), 12, '0')";
  return "substr(" + time + ", 1, 8) || '-' || substr(" + time +
         ", 9, 4) || '-7' || substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 3) || '-' || "
         "substr(md5(n::text), 7, 12)";
}

std::string EventSql::stream() {
  std::string names;
  for (const auto& name : streams()) names.append(names.empty() ? "'" : ", '").append(name).append("'");
  return "(ARRAY[" + names + "])[1 + n % 4]";
}

std::string EventSql::payload() {
  return R"sql(('{"event":"session.revoked","zone_id":"zone-' || n % 97 || '","session_id":"' || md5(n::text) ||
'","subject":"user:' || substr(md5((n + 1)::text), 1, 16) || '","actor":{"id":"' || substr(md5((n + 2)::text), 1, 12) ||
'","kind":"operator"},"reason":"credential rotated by policy","policy_version":' || n ||
',"request_id":"req-' || substr(md5((n + 3)::text), 1, 20) || '","urgent":' ||
(n % 5 = 0)::text || ',"trace":"' || substr(md5((n + 4)::text), 1, 16) || '"}')::jsonb)sql";
}

std::string insert_events_sql(std::int64_t rows) {
  return "INSERT INTO event_outbox (id, stream_name, payload_json, available_at, created_at, request_id) SELECT " +
         EventSql::id() + ", " + EventSql::stream() + ", " + EventSql::payload() + ", " + kMoment + ", " + kMoment +
         ", 'req-' || n" + numbers(rows);
}

std::string insert_caracal_events_sql(std::int64_t rows) {
  return "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, available_at, created_at, "
         "updated_at) SELECT " +
         EventSql::id() + ", 'coordinator', " + EventSql::stream() + ", 'revoke:' || md5(n::text), " +
         EventSql::payload() + ", " + kMoment + ", " + kMoment + ", " + kMoment + numbers(rows);
}

}  // namespace outboxd::bench
