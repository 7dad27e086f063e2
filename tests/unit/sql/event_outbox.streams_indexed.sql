-- SPDX-License-Identifier: Apache-2.0
-- How a daemon finds rows from the low-water mark on whose dispatcher.streams are these two, in the table of
-- layout event_outbox with the index of `outboxd migrate --stream-index`.
-- Every other statement is that of event_outbox.sql with this condition where it looks for rows:
-- AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END
-- Written by: OUTBOXD_WRITE_SQL=1 build/dev/tests/unit_tests --source-file='*/outbox_table_sql_test.cpp'
SET search_path = pg_catalog, pg_temp;

-- claim
PREPARE claim AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT * FROM (
    SELECT ctid AS place, "id" AS id, "available_at" AS outboxd_since FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "available_at" >= $3::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($4::text[]) AND "stream_name"::text = 'caracal.keys.invalidate'
     ORDER BY "available_at"
     LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED) AS outboxd_due UNION ALL
  SELECT * FROM (
    SELECT ctid AS place, "id" AS id, "available_at" AS outboxd_since FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "available_at" >= $3::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($4::text[]) AND "stream_name"::text = 'caracal.policy.invalidate'
     ORDER BY "available_at"
     LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED) AS outboxd_due
   ORDER BY outboxd_since
   LIMIT $1::bigint),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR EXISTS (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND "available_at" >= $3::timestamptz - interval '250 milliseconds' AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND "stream_name"::text = 'caracal.keys.invalidate') OR EXISTS (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND "available_at" >= $3::timestamptz - interval '250 milliseconds' AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND "stream_name"::text = 'caracal.policy.invalidate') AS any_due, NULL::bigint AS payload_bytes,
       NULL::text AS dedupe_key, NULL::boolean AS to_read, NULL::bigint AS id_bytes, NULL::bigint AS stream_bytes,
       NULL::bigint AS dedupe_key_bytes, NULL::text AS place, NULL::bigint AS waited_ms
 WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL
UNION ALL (
SELECT CASE WHEN id_bytes IS NULL THEN id::text ELSE substring(id::text, 1, 64) END, CASE WHEN coalesce(octet_length(stream), 0) <= 4096 AND id_bytes IS NULL THEN stream ELSE substring(stream, 1, 64) END, CASE WHEN octet_length(payload) <= 8388608::bigint / greatest($1::bigint, 1) THEN payload END, attempt,
       CASE WHEN lease = now() + 30000 * interval '1 millisecond' THEN NULL WHEN lease > now() THEN lease ELSE '-infinity' END, NULL, NULL,
       coalesce(octet_length(payload), bytes), CASE WHEN coalesce(octet_length(dedupe_key), 0) <= 4096 AND id_bytes IS NULL THEN dedupe_key ELSE substring(dedupe_key, 1, 64) END,
       wanted AND coalesce(octet_length(payload) > 8388608::bigint / greatest($1::bigint, 1) AND octet_length(payload) <= 16777216, true), id_bytes,
       CASE WHEN NOT coalesce(octet_length(stream), 0) <= 4096 THEN octet_length(stream) END,
       CASE WHEN NOT coalesce(octet_length(dedupe_key), 0) <= 4096 THEN octet_length(dedupe_key) END,
       CASE WHEN id_bytes IS NOT NULL THEN place::text END,
       CASE WHEN due_since <= now() AND isfinite(due_since)
            THEN (date_part('epoch', now() - due_since) * 1000)::bigint END
  FROM (SELECT due_since, id, id_bytes, place, attempt, lease, stream, dedupe_key, bytes, wanted,
               CASE WHEN wanted AND bytes + names <= 8388608::bigint / greatest($1::bigint, 1) AND clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second' THEN coalesce(payload::text, 'null') END
                 AS payload
          FROM (SELECT *, (coalesce(octet_length(dedupe_key), 0) <= 4096 AND coalesce(octet_length(stream), 0) <= 4096 AND id_bytes IS NULL AND coalesce(attempt, 0) <= 100 AND coalesce(bytes <= 33619968, true)) AS wanted FROM claimed ORDER BY order_time, id OFFSET 0) AS in_order
        OFFSET 0) AS rendered)
UNION ALL
SELECT id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL FROM locked
 WHERE (SELECT count(*) FROM locked) > (SELECT count(*) FROM claimed) AND octet_length(locked.id::text) <= 4096;

EXPLAIN EXECUTE claim (50, NULL, '-infinity', '{}');

-- claim_others
PREPARE claim_others AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT * FROM (
    SELECT ctid AS place, "id" AS id, "available_at" AS outboxd_since FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "id"::text NOT IN (SELECT unnest($3::text[])) AND "available_at" >= $4::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($5::text[]) AND "stream_name"::text = 'caracal.keys.invalidate'
     ORDER BY "available_at"
     LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED) AS outboxd_due UNION ALL
  SELECT * FROM (
    SELECT ctid AS place, "id" AS id, "available_at" AS outboxd_since FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "id"::text NOT IN (SELECT unnest($3::text[])) AND "available_at" >= $4::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($5::text[]) AND "stream_name"::text = 'caracal.policy.invalidate'
     ORDER BY "available_at"
     LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED) AS outboxd_due
   ORDER BY outboxd_since
   LIMIT $1::bigint),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR EXISTS (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND "available_at" >= $4::timestamptz - interval '250 milliseconds' AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND "stream_name"::text = 'caracal.keys.invalidate') OR EXISTS (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND "available_at" >= $4::timestamptz - interval '250 milliseconds' AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND "stream_name"::text = 'caracal.policy.invalidate') AS any_due, NULL::bigint AS payload_bytes,
       NULL::text AS dedupe_key, NULL::boolean AS to_read, NULL::bigint AS id_bytes, NULL::bigint AS stream_bytes,
       NULL::bigint AS dedupe_key_bytes, NULL::text AS place, NULL::bigint AS waited_ms
 WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL
UNION ALL (
SELECT CASE WHEN id_bytes IS NULL THEN id::text ELSE substring(id::text, 1, 64) END, CASE WHEN coalesce(octet_length(stream), 0) <= 4096 AND id_bytes IS NULL THEN stream ELSE substring(stream, 1, 64) END, CASE WHEN octet_length(payload) <= 8388608::bigint / greatest($1::bigint, 1) THEN payload END, attempt,
       CASE WHEN lease = now() + 30000 * interval '1 millisecond' THEN NULL WHEN lease > now() THEN lease ELSE '-infinity' END, NULL, NULL,
       coalesce(octet_length(payload), bytes), CASE WHEN coalesce(octet_length(dedupe_key), 0) <= 4096 AND id_bytes IS NULL THEN dedupe_key ELSE substring(dedupe_key, 1, 64) END,
       wanted AND coalesce(octet_length(payload) > 8388608::bigint / greatest($1::bigint, 1) AND octet_length(payload) <= 16777216, true), id_bytes,
       CASE WHEN NOT coalesce(octet_length(stream), 0) <= 4096 THEN octet_length(stream) END,
       CASE WHEN NOT coalesce(octet_length(dedupe_key), 0) <= 4096 THEN octet_length(dedupe_key) END,
       CASE WHEN id_bytes IS NOT NULL THEN place::text END,
       CASE WHEN due_since <= now() AND isfinite(due_since)
            THEN (date_part('epoch', now() - due_since) * 1000)::bigint END
  FROM (SELECT due_since, id, id_bytes, place, attempt, lease, stream, dedupe_key, bytes, wanted,
               CASE WHEN wanted AND bytes + names <= 8388608::bigint / greatest($1::bigint, 1) AND clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second' THEN coalesce(payload::text, 'null') END
                 AS payload
          FROM (SELECT *, (coalesce(octet_length(dedupe_key), 0) <= 4096 AND coalesce(octet_length(stream), 0) <= 4096 AND id_bytes IS NULL AND coalesce(attempt, 0) <= 100 AND coalesce(bytes <= 33619968, true)) AS wanted FROM claimed ORDER BY order_time, id OFFSET 0) AS in_order
        OFFSET 0) AS rendered)
UNION ALL
SELECT id::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL FROM locked
 WHERE (SELECT count(*) FROM locked) > (SELECT count(*) FROM claimed) AND octet_length(locked.id::text) <= 4096;

EXPLAIN EXECUTE claim_others (50, NULL, '{a,b}', '-infinity', '{}');

-- overlooked
PREPARE overlooked AS
SELECT found.* FROM (SELECT id, since::text FROM (
  SELECT * FROM (
    SELECT CASE WHEN octet_length("id"::text) <= 4096 THEN "id"::text END AS id, "available_at" AS since, "available_at" AS outboxd_since FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND "available_at" < $2::timestamptz - interval '250 milliseconds' AND "available_at" >= $3::timestamptz - interval '15 seconds' AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "stream_name"::text <> ALL ($4::text[]) AND "stream_name"::text = 'caracal.keys.invalidate'
     ORDER BY "available_at"
     LIMIT $1::bigint) AS outboxd_due UNION ALL
  SELECT * FROM (
    SELECT CASE WHEN octet_length("id"::text) <= 4096 THEN "id"::text END AS id, "available_at" AS since, "available_at" AS outboxd_since FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND CASE WHEN "stream_name"::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate') THEN true ELSE false END AND "available_at" < $2::timestamptz - interval '250 milliseconds' AND "available_at" >= $3::timestamptz - interval '15 seconds' AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "stream_name"::text <> ALL ($4::text[]) AND "stream_name"::text = 'caracal.policy.invalidate'
     ORDER BY "available_at"
     LIMIT $1::bigint) AS outboxd_due
   ORDER BY outboxd_since
   LIMIT $1::bigint) AS overlooked ORDER BY since) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE overlooked (50, now(), '-infinity', '{}');
