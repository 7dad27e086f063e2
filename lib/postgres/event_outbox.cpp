// SPDX-License-Identifier: Apache-2.0
// The API service's table, in which a lease is a pair of columns.
#include "postgres/layout.hpp"
#include "postgres/worker_lock.hpp"

#include <initializer_list>

namespace outboxd::postgres {
namespace {

struct Placeholder {
  std::string_view name;
  std::string_view value;
};

std::string filled_in(std::string sql, std::initializer_list<Placeholder> placeholders) {
  for (const auto& [name, value] : placeholders) {
    for (auto at = sql.find(name); at != std::string::npos; at = sql.find(name, at + value.size())) {
      sql.replace(at, name.size(), value);
    }
  }
  return sql;
}

// ARRAY(SELECT …) runs once, whatever the plan, so that the limit holds. The inner order is the index's; rows of one
// transaction share their available_at, so ordering by id as well would sort a bulk insert for each batch. The few
// that were claimed are put in full order at the end.
// A payload that won't be sent anyway stays in the database, as it may be larger than our memory. There is always a
// line, for the time of the claim.
// A lease that nobody ended tells that the claim before had no outcome. Its old value is what a look at the table
// from within RETURNING still sees, and only a third claim asks.
constexpr std::string_view kClaim = R"sql(
WITH claimed AS (
  UPDATE {table} AS o
     SET attempts = least(o.attempts, 2147483646) + 1, locked_by = $2, locked_until = {lease_end}
   WHERE o.{key} = ANY (ARRAY(
           SELECT {key} FROM {table}
            WHERE dispatched_at IS NULL
              AND available_at <= least(now(), $4::timestamptz)
              AND (locked_until IS NULL OR locked_until < now())
              AND ($5::text[] IS NULL OR stream_name = ANY ($5::text[])){and_rows}
            ORDER BY available_at
            LIMIT $1::bigint
              FOR UPDATE SKIP LOCKED))
  RETURNING o.id, o.stream_name, o.payload_json::text AS payload, o.attempts, o.locked_until, o.available_at)
SELECT id, stream_name, CASE WHEN octet_length(payload) <= $6::bigint AND attempts <= $7::bigint THEN payload END,
       attempts, locked_until, moment.now, octet_length(payload)
  FROM (SELECT now()) AS moment LEFT JOIN claimed ON true ORDER BY available_at, id)sql";

// A lease that nobody ended tells that the claim before had no outcome. A row that takes its dispatchers down would
// take the attempts of its neighbours with it each time; so from its third claim on it is claimed alone.
constexpr std::string_view kNoSuspects =
    " AND NOT (locked_until IS NOT NULL AND attempts BETWEEN least(2, {most_attempts} - 1) AND {most_attempts} - 1)";

constexpr std::string_view kSuspects = R"sql(
SELECT id FROM (
  SELECT id, attempts, locked_until FROM {table}
   WHERE dispatched_at IS NULL AND available_at <= least(now(), $3::timestamptz)
     AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[]))
   ORDER BY available_at LIMIT 5000) AS first
 WHERE locked_until < now() AND attempts BETWEEN least(2, $1::bigint - 1) AND $1::bigint - 1
 ORDER BY attempts LIMIT 1000)sql";

constexpr std::string_view kDueIds = R"sql(
SELECT id, now() + $2::float8 * interval '1 millisecond', now() FROM (
  SELECT id, available_at FROM {table}
   WHERE dispatched_at IS NULL
     AND available_at <= least(now(), $3::timestamptz)
     AND (locked_until IS NULL OR locked_until < now())
     AND ($4::text[] IS NULL OR stream_name = ANY ($4::text[]))
     AND id <> ALL ($5::text[]){and_rows}
   ORDER BY available_at LIMIT $1::bigint) AS due
 ORDER BY available_at, id)sql";

constexpr std::string_view kReadPayload = R"sql(
SELECT CASE WHEN octet_length(payload_json::text) <= $2::bigint THEN payload_json::text END FROM {table} WHERE id = $1)sql";

constexpr std::string_view kBury = R"sql(
UPDATE {table}
   SET attempts = least(attempts, 2147483646) + 1, available_at = 'infinity', last_error = $2, locked_until = NULL
 WHERE id = ANY (ARRAY(
         SELECT id FROM {table}
          WHERE id = $1 AND dispatched_at IS NULL AND (locked_until IS NULL OR locked_until < now())
            FOR UPDATE SKIP LOCKED)))sql";

// The lease guards: this worker's, and of this claim. Its end names the claim, as each claim is later than the last;
// the number of the attempt would not, since a released row's is given back.
constexpr std::string_view kMarkPublished = R"sql(
UPDATE {table}
   SET dispatched_at = now(), locked_until = NULL, last_error = NULL
 WHERE id = ANY ($1::text[]) AND locked_by = $2 AND locked_until = $3::timestamptz)sql";

constexpr std::string_view kSettle = R"sql(
UPDATE {table} AS o
   SET dispatched_at = CASE WHEN s.verdict = 'published' THEN now() END,
       attempts = CASE WHEN s.verdict = 'released' THEN greatest(o.attempts - 1, 0) ELSE o.attempts END,
       available_at = CASE WHEN s.verdict = 'dead' THEN 'infinity'::timestamptz
                           WHEN s.delay > 0 THEN now() + s.delay * interval '1 microsecond'
                           ELSE o.available_at END,
       last_error = CASE WHEN s.verdict = 'published' THEN NULL ELSE coalesce(s.error, o.last_error) END,
       locked_until = NULL
  FROM unnest($1::text[], $4::text[], $5::bigint[], $6::text[]) AS s (id, verdict, delay, error)
 WHERE o.id = s.id AND o.locked_by = $2 AND o.locked_until = $3::timestamptz{and_rows})sql";

constexpr std::string_view kUnlockedOnly = R"sql(
   AND o.{key} = ANY (ARRAY(SELECT {key} FROM {table}
                             WHERE id = ANY ($1::text[]) AND locked_by = $2 AND locked_until = $3::timestamptz
                               FOR UPDATE SKIP LOCKED)))sql";

constexpr std::string_view kStillOurs = R"sql(
SELECT id FROM {table} WHERE id = ANY ($1::text[]) AND locked_by = $2 AND locked_until = $3::timestamptz)sql";

// A dead worker's rows are among those due first, as it claimed them in that order; the bound keeps both statements
// cheap beside a large backlog.
constexpr std::string_view kGoneWorkers = R"sql(
SELECT worker FROM (
  SELECT DISTINCT locked_by AS worker FROM (
    SELECT locked_by, locked_until FROM {table}
     WHERE dispatched_at IS NULL AND available_at <= now()
       AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[]))
     ORDER BY available_at LIMIT 5000) AS first
   WHERE locked_until > now() AND locked_by LIKE 'outboxd:%' AND locked_by <> $1) AS others
 WHERE {is_gone})sql";

// Ended, and not forgotten: that they were there tells the next claim that this one had no outcome.
constexpr std::string_view kFreeLeases = R"sql(
UPDATE {table} SET locked_until = now()
 WHERE locked_by = ANY ($1::text[]) AND locked_until > now() AND dispatched_at IS NULL
   AND id = ANY (ARRAY(SELECT id FROM {table}
                        WHERE dispatched_at IS NULL AND available_at <= now()
                          AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[]))
                        ORDER BY available_at LIMIT 5000)))sql";

constexpr std::string_view kFreeUnknownLeases = R"sql(
UPDATE {table} SET locked_until = NULL, attempts = greatest(attempts - 1, 0)
 WHERE locked_by = $1 AND locked_until > now() AND dispatched_at IS NULL AND locked_until <> ALL ($2::timestamptz[])
   AND id = ANY (ARRAY(SELECT id FROM {table}
                        WHERE dispatched_at IS NULL AND available_at <= now()
                          AND ($3::text[] IS NULL OR stream_name = ANY ($3::text[]))
                        ORDER BY available_at LIMIT 5000)))sql";

// Every count stops at the cap, so that a large backlog costs no more than the cap.
constexpr std::string_view kSample = R"sql(
SELECT (SELECT count(*) FROM (SELECT FROM {table}
          WHERE dispatched_at IS NULL AND available_at < 'infinity'
            AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[])) LIMIT $3::bigint) AS pending),
       (SELECT count(*) FROM (SELECT FROM {table}
          WHERE dispatched_at IS NULL AND available_at = 'infinity'
            AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[])) LIMIT $3::bigint) AS dead),
       (SELECT count(*) FROM (SELECT FROM {table}
          WHERE dispatched_at IS NULL AND available_at <= least(now(), $1::timestamptz)
            AND (locked_until IS NULL OR locked_until < now())
            AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[])) LIMIT $3::bigint) AS due),
       (SELECT greatest(0, extract(epoch FROM now() - created_at) * 1000)::bigint FROM {table}
         WHERE dispatched_at IS NULL AND available_at < 'infinity'
           AND ($2::text[] IS NULL OR stream_name = ANY ($2::text[]))
         ORDER BY created_at LIMIT 1))sql";

std::string no_suspects(std::string_view most_attempts) {
  return filled_in(std::string{kNoSuspects}, {{"{most_attempts}", most_attempts}});
}

}  // namespace

Layout event_outbox_layout(const std::string& table, bool ctid_names_rows) {
  const auto is_gone = worker_is_gone_sql("worker");
  const auto fill = [&](std::string_view sql, std::string_view and_rows = {},
                        std::string_view lease_end = "now() + $3::float8 * interval '1 millisecond'") {
    return filled_in(std::string{sql}, {{"{and_rows}", and_rows},
                                        {"{lease_end}", lease_end},
                                        {"{table}", table},
                                        {"{key}", ctid_names_rows ? "ctid" : "id"},
                                        {"{is_gone}", is_gone}});
  };
  return {
      .columns = {{"id"},
                  {"stream_name"},
                  {"payload_json"},
                  {"created_at"},
                  {"attempts", true},
                  {"available_at", true},
                  {"locked_until", true},
                  {"locked_by", true},
                  {"last_error", true},
                  {"dispatched_at", true}},
      .claim = fill(kClaim, no_suspects("$7::bigint")),
      .claim_others = fill(kClaim, no_suspects("$7::bigint") + " AND id <> ALL ($8::text[])"),
      .claim_these = fill(kClaim, " AND id = ANY ($8::text[])"),
      .claim_these_until = fill(kClaim, " AND id = ANY ($8::text[])", "$3::timestamptz"),
      .due_ids = fill(kDueIds, no_suspects("$6::bigint")),
      .free_unknown_leases = fill(kFreeUnknownLeases),
      .read_payload = fill(kReadPayload),
      .bury = fill(kBury),
      .mark_published = fill(kMarkPublished),
      .settle = fill(kSettle),
      .settle_unlocked = fill(kSettle, kUnlockedOnly),
      .still_ours = fill(kStillOurs),
      .gone_workers = fill(kGoneWorkers),
      .free_leases = fill(kFreeLeases),
      .suspects = fill(kSuspects),
      .sample = fill(kSample),
  };
}

}  // namespace outboxd::postgres
