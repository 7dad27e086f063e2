-- SPDX-License-Identifier: Apache-2.0
-- Every statement that drives the table of layout event_outbox, as it runs by the settings of profile api.
-- What each is for stands in lib/outbox_table/layout.hpp. In a database in which `outboxd migrate` has run,
-- `psql -f event_outbox.sql` shows the plans.
-- Written by: OUTBOXD_WRITE_SQL=1 build/dev/tests/unit_tests --source-file='*/outbox_table_sql_test.cpp'
SET search_path = pg_catalog, pg_temp;

-- claim
PREPARE claim AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place, "id" AS id FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "available_at" >= $3::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($4::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR EXISTS (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND "available_at" >= $3::timestamptz - interval '250 milliseconds') AS any_due, NULL::bigint AS payload_bytes,
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
  SELECT ctid AS place, "id" AS id FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "id"::text NOT IN (SELECT unnest($3::text[])) AND "available_at" >= $4::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($5::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR EXISTS (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND "available_at" >= $4::timestamptz - interval '250 milliseconds') AS any_due, NULL::bigint AS payload_bytes,
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

-- claim_these
PREPARE claim_these AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place, "id" AS id FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND "id" = ANY ($3::text[]::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR true AS any_due, NULL::bigint AS payload_bytes,
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

EXPLAIN EXECUTE claim_these (50, NULL, '{a,b}');

-- claim_these_until
PREPARE claim_these_until AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place, "id" AS id FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND "id" = ANY ($3::text[]::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = $4::timestamptz
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, $4::timestamptz AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR true AS any_due, NULL::bigint AS payload_bytes,
       NULL::text AS dedupe_key, NULL::boolean AS to_read, NULL::bigint AS id_bytes, NULL::bigint AS stream_bytes,
       NULL::bigint AS dedupe_key_bytes, NULL::text AS place, NULL::bigint AS waited_ms
 WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL
UNION ALL (
SELECT CASE WHEN id_bytes IS NULL THEN id::text ELSE substring(id::text, 1, 64) END, CASE WHEN coalesce(octet_length(stream), 0) <= 4096 AND id_bytes IS NULL THEN stream ELSE substring(stream, 1, 64) END, CASE WHEN octet_length(payload) <= 8388608::bigint / greatest($1::bigint, 1) THEN payload END, attempt,
       CASE WHEN lease = $4::timestamptz THEN NULL WHEN lease > now() THEN lease ELSE '-infinity' END, NULL, NULL,
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

EXPLAIN EXECUTE claim_these_until (50, NULL, '{a,b}', now() + interval '30 seconds');

-- claim_window
PREPARE claim_window AS
SELECT found.* FROM (
SELECT ctid::text, CASE WHEN row_number() OVER (ORDER BY "available_at") = 1 THEN "available_at"::text END
  FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "available_at" >= $3::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($4::text[]) ORDER BY "available_at" LIMIT $1::bigint) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE claim_window (50, NULL, '-infinity', '{}');

-- claim_places
PREPARE claim_places AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place, "id" AS id FROM "public"."event_outbox"
   WHERE CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND ctid = ANY ($3::tid[]) AND "stream_name"::text <> ALL ($4::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR true AS any_due, NULL::bigint AS payload_bytes,
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

EXPLAIN EXECUTE claim_places (50, NULL, '{"(0,1)","(0,2)"}', '{}');

-- claim_overlooked
PREPARE claim_overlooked AS
/* claim */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place, "id" AS id FROM "public"."event_outbox"
   WHERE CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "id" = ANY ($3::text[]::text[]) AND "stream_name"::text <> ALL ($4::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint
     FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE "public"."event_outbox" AS o
     SET "attempts" = least(coalesce(o."attempts", 0), 2147483646) + 1, "locked_by" = 'outboxd:host:4711:0badcafe', "locked_until" = now() + 30000 * interval '1 millisecond'
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
     AND CASE WHEN "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) THEN true ELSE false END
  RETURNING o."attempts" AS attempt, CASE WHEN o."locked_by"::text = 'outboxd:host:4711:0badcafe' THEN o."locked_until" END AS lease,
            o."available_at" AS order_time, CASE WHEN o."attempts" > 1 THEN o."created_at" ELSE greatest(o."created_at", o."available_at") END AS due_since,
            o."id" AS id, CASE WHEN octet_length(o."id"::text) > 4096 THEN octet_length(o."id"::text) END AS id_bytes, o.ctid AS place, o."stream_name"::text AS stream,
            NULL::text AS dedupe_key, (least(octet_length(o."stream_name"::text), 4096) + least(coalesce(octet_length(NULL::text), 0), 4096) + least(octet_length(o."id"::text), 4096)) AS names, o."payload_json" AS payload,
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END AS bytes)
SELECT NULL::text AS id, NULL::text AS stream, NULL::text AS payload, NULL::bigint AS attempt, now() + 30000 * interval '1 millisecond' AS lease,
       now() AS claimed_at, EXISTS (SELECT FROM claimed) OR true AS any_due, NULL::bigint AS payload_bytes,
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

EXPLAIN EXECUTE claim_overlooked (50, NULL, '{a,b}', '{}');

-- overlooked
PREPARE overlooked AS
SELECT found.* FROM (SELECT id, since::text FROM (
  SELECT CASE WHEN octet_length("id"::text) <= 4096 THEN "id"::text END AS id, "available_at" AS since FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND "available_at" < $2::timestamptz - interval '250 milliseconds' AND "available_at" >= $3::timestamptz - interval '15 seconds' AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "stream_name"::text <> ALL ($4::text[])
   ORDER BY "available_at"
   LIMIT $1::bigint) AS overlooked ORDER BY since) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE overlooked (50, now(), '-infinity', '{}');

-- due_ids
PREPARE due_ids AS
SELECT found.* FROM (
SELECT id::text FROM (
  SELECT "id" AS id, "available_at" AS available_at FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $2::timestamptz) AND ("locked_until" IS NULL OR "locked_until" < now()) AND octet_length("id"::text) <= 4096 AND "id"::text NOT IN (SELECT unnest($3::text[])) AND NOT ("locked_until" IS NOT NULL AND coalesce("attempts", 0) BETWEEN least(2, 100 - 1) AND 100 - 1 AND octet_length("id"::text) <= 4096) AND "available_at" >= $4::timestamptz - interval '250 milliseconds' AND "stream_name"::text <> ALL ($5::text[])
   ORDER BY "available_at" LIMIT $1::bigint) AS due
 ORDER BY available_at, id) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE due_ids (50, NULL, '{a,b}', '-infinity', '{}');

-- release_orphaned_leases
PREPARE release_orphaned_leases AS
WITH written AS (UPDATE "public"."event_outbox" SET "locked_until" = NULL, "attempts" = greatest("attempts" - 1, 0)
 WHERE "id" = ANY (ARRAY(
         SELECT "id" FROM "public"."event_outbox"
          WHERE "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" <> ALL ($1::timestamptz[]) AND "locked_until" > now() AND "dispatched_at" IS NULL
            AND "id" = ANY (ARRAY(SELECT "id" FROM "public"."event_outbox"
                                   WHERE "dispatched_at" IS NULL AND "available_at" <= now()
                                   ORDER BY "available_at" LIMIT 5000))
            FOR UPDATE SKIP LOCKED)) RETURNING true)
SELECT FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE release_orphaned_leases (ARRAY[now() + interval '30 seconds']);

-- rename_leases
PREPARE rename_leases AS
WITH written AS (UPDATE "public"."event_outbox" SET "locked_by" = 'outboxd:host:4711:0badcafe'
 WHERE "id" = ANY (ARRAY(
         SELECT "id" FROM "public"."event_outbox"
          WHERE "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_by"::text <> 'outboxd:host:4711:0badcafe' AND "locked_until" > now() AND "dispatched_at" IS NULL
            AND "id" = ANY (ARRAY(SELECT "id" FROM "public"."event_outbox"
                                   WHERE "dispatched_at" IS NULL AND "available_at" <= now()
                                   ORDER BY "available_at" LIMIT 5000))
            FOR UPDATE SKIP LOCKED)) RETURNING true)
SELECT FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE rename_leases;

-- read_payloads
PREPARE read_payloads AS
SELECT found.* FROM (
SELECT id::text, CASE WHEN text_bytes <= 16777216 AND (n = 1 OR before_text + text_bytes <= 8388608::bigint)
                      THEN text END AS payload,
       CASE WHEN NOT fits THEN bytes WHEN text_bytes > 16777216 THEN text_bytes END AS oversize_bytes
  FROM (SELECT *, octet_length(text) AS text_bytes,
               coalesce(sum(CASE WHEN octet_length(text) <= 16777216 THEN octet_length(text) END) OVER earlier, 0)
                 AS before_text
          FROM (SELECT id, n, bytes, fits,
                       CASE WHEN fits AND (n = 1 OR before_stored + bytes <= 8388608::bigint) AND clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                            THEN coalesce(payload::text, 'null') END AS text
                  FROM (SELECT *, CASE WHEN bytes <= 16777216 THEN true
                                       WHEN bytes > 33619968 THEN false
                                       WHEN bytes IS NOT NULL AND clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second' THEN CASE WHEN jsonb_typeof(payload) = 'object' THEN
                (SELECT coalesce(sum(octet_length(key) + CASE WHEN jsonb_typeof(value) = 'string'
                                                              THEN octet_length(value #>> ARRAY[]::text[])
                                                              ELSE pg_column_size(value) / 4 END), 0)
                   FROM jsonb_each(payload)) ELSE bytes END <= 16777216
                                  END AS fits,
                               coalesce(sum(CASE WHEN bytes <= 33619968 THEN bytes END) OVER earlier, 0)
                                 AS before_stored
                          FROM (SELECT o."id" AS id, array_position($1::text[], o."id"::text) AS n,
                                       o."payload_json" AS payload,
                                       CASE WHEN o."id"::text = ($1::text[])[1] THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4)
                                            ELSE
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END END AS bytes
                                  FROM "public"."event_outbox" AS o WHERE "id" = ANY ($1::text[]::text[]) AND "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" = $2::timestamptz ORDER BY 2 OFFSET 0) AS wanted
                        WINDOW earlier AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                        OFFSET 0) AS judged
                OFFSET 0) AS texts
        WINDOW earlier AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        OFFSET 0) AS summed
 ORDER BY n) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE read_payloads ('{a,b}', now() + interval '30 seconds');

-- read_payload
PREPARE read_payload AS
SELECT found.* FROM (
SELECT CASE WHEN octet_length(payload) <= 16777216 THEN payload END
  FROM (SELECT CASE WHEN pg_column_size(o."payload_json" #> ARRAY[]::text[]) <= 33619968 THEN o."payload_json"::text END AS payload
          FROM "public"."event_outbox" AS o WHERE o."id" = $1::text::text OFFSET 0) AS rendered) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE read_payload ('a');

-- mark_dead
PREPARE mark_dead AS
WITH written AS (
UPDATE "public"."event_outbox"
   SET "available_at" = 'infinity', "last_error" = $2::text::text, "attempts" = least(coalesce("attempts", 0), 2147483646) + 1, "locked_until" = NULL
 WHERE $2::text IS NOT NULL
   AND "id" = ANY (ARRAY(
         SELECT "id" FROM "public"."event_outbox"
          WHERE "id" = $1::text::text AND "dispatched_at" IS NULL AND ("locked_until" IS NULL OR "locked_until" < now())
            FOR UPDATE SKIP LOCKED)) RETURNING true)
SELECT FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE mark_dead ('a', 'an error');

-- mark_nameless_dead
PREPARE mark_nameless_dead AS
WITH written AS (
UPDATE "public"."event_outbox" SET "available_at" = 'infinity', "last_error" = $2::text::text, "locked_until" = NULL
 WHERE $2::text IS NOT NULL AND ctid = $1::tid AND NOT (octet_length("id"::text) <= 4096)
   AND "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" = $3::timestamptz RETURNING true)
SELECT FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE mark_nameless_dead ('(0,1)', 'an error', now() + interval '30 seconds');

-- mark_published
PREPARE mark_published AS
/* settle */
WITH written AS (
  UPDATE "public"."event_outbox" AS o SET "dispatched_at" = now(), "last_error" = NULL, "locked_until" = NULL WHERE "id" = ANY ($1::text[]::text[]) AND "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" = $2::timestamptz
  RETURNING o."id" AS id, (o."dispatched_at" IS NOT NULL) AS as_meant)
SELECT CASE WHEN NOT as_meant THEN id::text END FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE mark_published ('{a,b}', now() + interval '30 seconds');

-- settle
PREPARE settle AS
/* settle */
WITH written AS (
UPDATE "public"."event_outbox" AS o
   SET "dispatched_at" = CASE WHEN s.verdict = 'published' THEN now() ELSE o."dispatched_at" END, "last_error" = CASE WHEN s.verdict = 'published' THEN NULL ELSE coalesce(s.error::text, o."last_error") END, "attempts" = CASE WHEN s.verdict = 'released' THEN greatest(coalesce(o."attempts", 0) - 1, 0) ELSE o."attempts" END,
       "available_at" = CASE WHEN s.verdict = 'dead' THEN 'infinity'::timestamptz
                             WHEN s.delay > 0 THEN now() + s.delay * interval '1 microsecond'
                             ELSE o."available_at" END,
       "locked_until" = NULL
  FROM unnest($1::text[]::text[], $3::text[], $4::bigint[], $5::text[]) AS s (id, verdict, delay, error)
 WHERE o."id" = s.id AND o."locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND o."locked_until" = $2::timestamptz
RETURNING o."id" AS id, coalesce(CASE s.verdict WHEN 'published' THEN (o."dispatched_at" IS NOT NULL) WHEN 'dead' THEN o."available_at" = 'infinity' ELSE s.delay = 0 OR o."available_at" > now() END, false) AS as_meant)
SELECT CASE WHEN NOT as_meant THEN id::text END FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE settle ('{a,b}', now() + interval '30 seconds', '{published,retry}', '{0,1000000}', '{NULL,"an error"}');

-- settle_unlocked
PREPARE settle_unlocked AS
/* settle */
WITH written AS (
UPDATE "public"."event_outbox" AS o
   SET "dispatched_at" = CASE WHEN s.verdict = 'published' THEN now() ELSE o."dispatched_at" END, "last_error" = CASE WHEN s.verdict = 'published' THEN NULL ELSE coalesce(s.error::text, o."last_error") END, "attempts" = CASE WHEN s.verdict = 'released' THEN greatest(coalesce(o."attempts", 0) - 1, 0) ELSE o."attempts" END,
       "available_at" = CASE WHEN s.verdict = 'dead' THEN 'infinity'::timestamptz
                             WHEN s.delay > 0 THEN now() + s.delay * interval '1 microsecond'
                             ELSE o."available_at" END,
       "locked_until" = NULL
  FROM unnest($1::text[]::text[], $3::text[], $4::bigint[], $5::text[]) AS s (id, verdict, delay, error)
 WHERE o."id" = s.id AND o."locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND o."locked_until" = $2::timestamptz
   AND o.ctid = ANY (ARRAY(SELECT ctid FROM "public"."event_outbox" WHERE "id" = ANY ($1::text[]::text[]) AND "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" = $2::timestamptz FOR UPDATE SKIP LOCKED))
RETURNING o."id" AS id, coalesce(CASE s.verdict WHEN 'published' THEN (o."dispatched_at" IS NOT NULL) WHEN 'dead' THEN o."available_at" = 'infinity' ELSE s.delay = 0 OR o."available_at" > now() END, false) AS as_meant)
SELECT CASE WHEN NOT as_meant THEN id::text END FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE settle_unlocked ('{a,b}', now() + interval '30 seconds', '{published,retry}', '{0,1000000}', '{NULL,"an error"}');

-- still_leased
PREPARE still_leased AS
SELECT found.* FROM (
SELECT "id"::text, "id" = ANY (ARRAY(SELECT "id" FROM "public"."event_outbox" WHERE "id" = ANY ($1::text[]::text[]) AND "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" = $2::timestamptz FOR UPDATE SKIP LOCKED))
  FROM "public"."event_outbox" WHERE "id" = ANY ($1::text[]::text[]) AND "locked_by"::text = ANY (ARRAY['outboxd:host:4711:0badcafe']) AND "locked_until" = $2::timestamptz) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE still_leased ('{a,b}', now() + interval '30 seconds');

-- scan_leases
PREPARE scan_leases AS
/* look out */
SELECT found.* FROM (
WITH leased AS MATERIALIZED (
  SELECT * FROM (
    SELECT "id" AS id, "locked_by"::text AS locked_by, "locked_until" AS lease, "attempts" AS attempts FROM "public"."event_outbox"
     WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $1::timestamptz)
       AND "available_at" >= $2::timestamptz - interval '15 seconds' AND octet_length("id"::text) <= 4096
     ORDER BY "available_at" LIMIT 5000) AS first
   WHERE lease IS NOT NULL)
SELECT worker, NULL FROM (
  SELECT locked_by AS worker FROM leased
   WHERE lease > now() AND CASE WHEN octet_length(locked_by) <= 256
                                THEN locked_by LIKE 'outboxd:%' AND locked_by <> ALL (ARRAY['outboxd:host:4711:0badcafe']) END
   UNION SELECT unnest($3::text[])) AS others
 WHERE hashtextextended(worker, 7230) NOT IN (SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL (
SELECT NULL, id::text FROM leased WHERE lease < now() AND attempts BETWEEN least(2, 100 - 1) AND 100 - 1 ORDER BY attempts LIMIT 1000)) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE scan_leases (NULL, '-infinity', '{outboxd:host:1:00000000}');

-- release_leases
PREPARE release_leases AS
WITH written AS (UPDATE "public"."event_outbox" SET "locked_until" = now()
 WHERE "id" = ANY (ARRAY(
         SELECT "id" FROM "public"."event_outbox"
          WHERE "locked_by"::text = ANY ($1::text[]) AND "locked_until" > now() AND "dispatched_at" IS NULL
            AND "id" = ANY (ARRAY(SELECT "id" FROM "public"."event_outbox"
                                   WHERE "dispatched_at" IS NULL AND "available_at" <= now()
                                   ORDER BY "available_at" LIMIT 5000))
            FOR UPDATE SKIP LOCKED)) RETURNING true)
SELECT FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE release_leases ('{outboxd:host:1:00000000}');

-- poison_candidates
PREPARE poison_candidates AS
SELECT found.* FROM (
SELECT id::text FROM (
  SELECT "id" AS id, "attempts" AS attempts, "locked_until" AS lease FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $1::timestamptz)
   ORDER BY "available_at" LIMIT 5000) AS first
 WHERE lease < now() AND attempts BETWEEN least(2, 100 - 1) AND 100 - 1 ORDER BY attempts LIMIT 1000) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE poison_candidates (NULL);

-- sample
PREPARE sample AS
SELECT found.* FROM (
SELECT (SELECT count(*) FROM (SELECT FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" < 'infinity' LIMIT $2::bigint) AS rows) AS pending,
       dead.*, least(due.free, $2::bigint) AS due, later.delayed, due.held + later.held AS leased, later.retrying,
       due.looked >= $2::bigint + 10000 AS more_due, later.looked >= $2::bigint AS more_later,
       (SELECT greatest(0, extract(epoch FROM now() - min(due_since)) * 1000)::bigint FROM (
          (SELECT CASE WHEN ("last_error" IS NOT NULL OR coalesce("attempts", 0) > CASE WHEN "locked_until" IS NULL THEN 0 ELSE 1 END) THEN coalesce("created_at", "available_at")
                       ELSE greatest("created_at", "available_at") END AS due_since
             FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" < 'infinity' AND "available_at" <= now() ORDER BY "available_at" LIMIT 1000)
          UNION ALL
          (SELECT due_since FROM (
             SELECT "created_at" AS due_since, ("last_error" IS NOT NULL OR coalesce("attempts", 0) > CASE WHEN "locked_until" IS NULL THEN 0 ELSE 1 END) AS tried
               FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" < 'infinity' AND "available_at" > now() ORDER BY "available_at" LIMIT 5000) AS next
            WHERE tried)) AS candidates
         WHERE isfinite(due_since) HAVING count(*) > 0) AS oldest_pending_ms
  FROM (SELECT count(*) AS dead,
               greatest(0, extract(epoch FROM now() - min(since) FILTER (WHERE isfinite(since))) * 1000)::bigint
                 AS oldest_dead_ms
          FROM (SELECT "created_at" AS since FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" >= 'infinity' ORDER BY "available_at" LIMIT $2::bigint) AS rows) AS dead,
       (SELECT count(*) AS looked, count(*) FILTER (WHERE free) AS free, count(*) FILTER (WHERE NOT free) AS held
          FROM (SELECT ("locked_until" IS NULL OR "locked_until" < now()) AS free FROM "public"."event_outbox"
                 WHERE "dispatched_at" IS NULL AND "available_at" <= least(now(), $1::timestamptz)
                 ORDER BY "available_at" LIMIT $2::bigint + 10000) AS rows) AS due,
       (SELECT count(*) AS looked, count(*) FILTER (WHERE tried) AS retrying,
               count(*) FILTER (WHERE NOT tried AND delayed) AS delayed,
               count(*) FILTER (WHERE NOT tried AND NOT delayed) AS held
          FROM (SELECT ("last_error" IS NOT NULL OR coalesce("attempts", 0) > CASE WHEN "locked_until" IS NULL THEN 0 ELSE 1 END) AS tried, "available_at" > now() AS delayed FROM "public"."event_outbox"
                 WHERE "dispatched_at" IS NULL AND "available_at" < 'infinity' AND "available_at" > now()
                 ORDER BY "available_at" LIMIT $2::bigint) AS rows) AS later) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE sample (NULL, 100000);

-- prune_state
PREPARE prune_state AS
SELECT found.* FROM (
SELECT may_delete, due.id FROM (SELECT has_table_privilege('"public"."event_outbox"', 'DELETE')
                                   AND has_any_column_privilege('"public"."event_outbox"', 'UPDATE') AS may_delete) AS rights
  LEFT JOIN (SELECT CASE WHEN octet_length("id"::text) <= 4096 THEN "id"::text ELSE left("id"::text, 200) END AS id FROM "public"."event_outbox"
              WHERE "id" = ANY ($2::text[]::text[]) AND "dispatched_at" IS NULL AND "available_at" < 'infinity' AND "available_at" < now() - $1::bigint * interval '1 millisecond' AND coalesce("created_at" < now() - $1::bigint * interval '1 millisecond', true)
             UNION
            (SELECT CASE WHEN octet_length("id"::text) <= 4096 THEN "id"::text ELSE left("id"::text, 200) END AS id
               FROM (SELECT "id", "created_at", "stream_name" FROM "public"."event_outbox"
                      WHERE "dispatched_at" IS NULL AND "available_at" < 'infinity' AND "available_at" < now() - $1::bigint * interval '1 millisecond' ORDER BY "available_at" LIMIT 5000) AS first
              WHERE coalesce("created_at" < now() - $1::bigint * interval '1 millisecond', true) LIMIT 1000)
             UNION
            (SELECT CASE WHEN octet_length("id"::text) <= 4096 THEN "id"::text ELSE left("id"::text, 200) END AS id
               FROM (SELECT "id", "created_at", "stream_name" FROM "public"."event_outbox"
                      WHERE "dispatched_at" IS NULL AND "available_at" < 'infinity' AND "available_at" < now() - $1::bigint * interval '1 millisecond' ORDER BY "available_at" DESC LIMIT 5000) AS last
              WHERE coalesce("created_at" < now() - $1::bigint * interval '1 millisecond', true) LIMIT 1000)) AS due ON true) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE prune_state (10000, '{a,b}');

-- prunable
PREPARE prunable AS
SELECT found.* FROM (
SELECT "id"::text AS id, coalesce("dispatched_at" IS NOT NULL AND "dispatched_at" < now() - $2::bigint * interval '1 millisecond', false) AS is_old, coalesce("created_at" >= now() - $2::bigint * interval '1 millisecond', false) AS is_young,
       CASE WHEN isfinite("created_at") THEN (extract(epoch FROM "created_at") * 1000)::bigint END AS created_ms
  FROM "public"."event_outbox" WHERE octet_length("id"::text) <= 4096
 ORDER BY "id" LIMIT $1::bigint) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE prunable (50, 604800000);

-- prunable_after
PREPARE prunable_after AS
SELECT found.* FROM (
SELECT "id"::text AS id, coalesce("dispatched_at" IS NOT NULL AND "dispatched_at" < now() - $2::bigint * interval '1 millisecond', false) AS is_old, coalesce("created_at" >= now() - $2::bigint * interval '1 millisecond', false) AS is_young,
       CASE WHEN isfinite("created_at") THEN (extract(epoch FROM "created_at") * 1000)::bigint END AS created_ms
  FROM "public"."event_outbox" WHERE octet_length("id"::text) <= 4096 AND "id" > $3::text::text
 ORDER BY "id" LIMIT $1::bigint) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE prunable_after (50, 604800000, 'a');

-- prune
PREPARE prune AS
WITH written AS (
DELETE FROM "public"."event_outbox" AS o
 WHERE o.ctid = ANY (ARRAY(
   SELECT ctid FROM "public"."event_outbox" WHERE "id" = ANY ($1::text[]::text[]) AND "dispatched_at" IS NOT NULL AND "dispatched_at" < now() - $2::bigint * interval '1 millisecond' FOR UPDATE SKIP LOCKED))
   AND CASE WHEN "dispatched_at" IS NOT NULL AND "dispatched_at" < now() - $2::bigint * interval '1 millisecond' THEN true ELSE false END RETURNING true)
SELECT FROM written WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE prune ('{a,b}', 604800000);

-- locked_rows
PREPARE locked_rows AS
/* locked rows */
SELECT found.* FROM (
WITH due AS MATERIALIZED (
  SELECT "id" AS id, xmax::text AS xid, "available_at" AS since FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND ("locked_until" IS NULL OR "locked_until" < now()) AND "available_at" < now() - interval '10 seconds' AND octet_length("id"::text) <= 4096
   ORDER BY "available_at" LIMIT 5000),
marked AS MATERIALIZED (
  SELECT id, xid IN (SELECT transactionid::text FROM pg_locks
                      WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted) AS is_locked
    FROM due WHERE xid <> '0' ORDER BY is_locked DESC, since LIMIT 100),
tried AS MATERIALIZED (SELECT id FROM marked WHERE NOT is_locked LIMIT 20),
taken AS MATERIALIZED (
  SELECT "id" AS id FROM "public"."event_outbox" WHERE "id" = ANY (ARRAY(SELECT id FROM tried)) FOR UPDATE SKIP LOCKED)
SELECT id::text FROM marked WHERE is_locked
UNION ALL SELECT id::text FROM tried WHERE id::text NOT IN (SELECT id::text FROM taken)) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE locked_rows;

-- seen_locked_rows
PREPARE seen_locked_rows AS
/* locked rows */
SELECT found.* FROM (
WITH due AS MATERIALIZED (
  SELECT "id" AS id, xmax::text AS xid, "available_at" AS since FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= now() AND ("locked_until" IS NULL OR "locked_until" < now()) AND "available_at" < now() - interval '10 seconds' AND octet_length("id"::text) <= 4096
   ORDER BY "available_at" LIMIT 5000),
marked AS MATERIALIZED (
  SELECT id, xid IN (SELECT transactionid::text FROM pg_locks
                      WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted) AS is_locked
    FROM due WHERE xid <> '0' ORDER BY is_locked DESC, since LIMIT 100)
SELECT id::text FROM marked WHERE is_locked) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE seen_locked_rows;

-- row_holders
PREPARE row_holders AS
SELECT found.* FROM (
WITH RECURSIVE
tree AS (
  SELECT to_regclass('"public"."event_outbox"')::oid AS relation
   UNION ALL SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = relation),
on_table AS MATERIALIZED (
  SELECT pid, virtualtransaction, mode, granted FROM pg_locks
   WHERE locktype = 'relation' AND relation IN (SELECT relation FROM tree)
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND pid IS DISTINCT FROM pg_backend_pid()),
without_session AS MATERIALIZED (
  SELECT virtualtransaction, gid, prepared FROM pg_prepared_xacts
    JOIN pg_locks ON pid IS NULL AND locktype = 'transactionid' AND transactionid::text = transaction::text),
locked_by AS MATERIALIZED (
  SELECT DISTINCT pid, virtualtransaction FROM pg_locks
   WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
     AND transactionid::text IN (
           SELECT xmax::text FROM "public"."event_outbox" WHERE "id" = ANY ($1::text[]::text[]))),
holders AS (
  SELECT '' AS how, true AS is_certain, pid, virtualtransaction FROM locked_by
   UNION ALL
  SELECT '', false, pid, virtualtransaction FROM on_table
   WHERE granted AND mode <> 'AccessShareLock' AND NOT EXISTS (SELECT FROM locked_by))
SELECT DISTINCT ON (began, holders.virtualtransaction) holders.virtualtransaction AS transaction, CASE
    WHEN pid IS NULL THEN 'prepared transaction ' || coalesce(gid, '') || coalesce(', since ' || to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
    ELSE 'pid ' || pid::text || coalesce(' of role ' || usename::text, '')
         || CASE WHEN application_name <> '' THEN ' (' || application_name || ')' ELSE '' END
         || coalesce(' from ' || host(client_addr), '') || coalesce(', ' || state, '')
         || coalesce(', in a transaction since ' || to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                     '; what it does, and since when, this role may not see without pg_read_all_stats') END AS who, how
  FROM holders LEFT JOIN pg_stat_activity USING (pid)
  LEFT JOIN without_session ON pid IS NULL AND holders.virtualtransaction = without_session.virtualtransaction,
       LATERAL (SELECT coalesce(xact_start, prepared) AS began) AS of_it
 WHERE is_certain OR began IS NULL OR began < now() - interval '5 seconds'
 ORDER BY began LIMIT 20) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE row_holders ('{a,b}');

-- table_holders
PREPARE table_holders AS
WITH RECURSIVE
tree AS (
  SELECT to_regclass('"public"."event_outbox"')::oid AS relation
   UNION ALL SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = relation),
on_table AS MATERIALIZED (
  SELECT pid, virtualtransaction, mode, granted FROM pg_locks
   WHERE locktype = 'relation' AND relation IN (SELECT relation FROM tree)
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND pid IS DISTINCT FROM pg_backend_pid()),
without_session AS MATERIALIZED (
  SELECT virtualtransaction, gid, prepared FROM pg_prepared_xacts
    JOIN pg_locks ON pid IS NULL AND locktype = 'transactionid' AND transactionid::text = transaction::text),
in_the_way AS MATERIALIZED (
  SELECT * FROM on_table WHERE mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')),
blocking AS MATERIALIZED (
  SELECT unnest(pg_blocking_pids(pid)) AS pid
    FROM (SELECT DISTINCT pid FROM in_the_way WHERE NOT granted LIMIT 5) AS waiting),
holders AS (
  SELECT CASE WHEN granted THEN 'holds' ELSE 'waits' END AS how, true AS is_certain, pid, virtualtransaction
    FROM in_the_way
   UNION ALL
  SELECT 'blocks', false, pid, virtualtransaction FROM on_table
   WHERE granted AND coalesce(pid, 0) IN (SELECT pid FROM blocking)
     AND virtualtransaction NOT IN (SELECT virtualtransaction FROM in_the_way))
SELECT DISTINCT ON (began, holders.virtualtransaction) holders.virtualtransaction AS transaction, CASE
    WHEN pid IS NULL THEN 'prepared transaction ' || coalesce(gid, '') || coalesce(', since ' || to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
    ELSE 'pid ' || pid::text || coalesce(' of role ' || usename::text, '')
         || CASE WHEN application_name <> '' THEN ' (' || application_name || ')' ELSE '' END
         || coalesce(' from ' || host(client_addr), '') || coalesce(', ' || state, '')
         || coalesce(', in a transaction since ' || to_char(began AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                     '; what it does, and since when, this role may not see without pg_read_all_stats') END AS who, how
  FROM holders LEFT JOIN pg_stat_activity USING (pid)
  LEFT JOIN without_session ON pid IS NULL AND holders.virtualtransaction = without_session.virtualtransaction,
       LATERAL (SELECT coalesce(xact_start, prepared) AS began) AS of_it
 WHERE is_certain OR began IS NULL OR began < now() - interval '5 seconds'
 ORDER BY began LIMIT 20;

EXPLAIN EXECUTE table_holders;

-- lease_holders
PREPARE lease_holders AS
SELECT found.* FROM (
SELECT left(worker, 200) AS worker, count(*) AS rows,
       (extract(epoch FROM max(lease) - now()) * 1000)::bigint AS longest_ms FROM (
  SELECT "locked_by"::text AS worker, "locked_until" AS lease FROM "public"."event_outbox"
   WHERE "dispatched_at" IS NULL AND "available_at" <= now() ORDER BY "available_at" LIMIT 1000) AS due
 WHERE lease > now() AND isfinite(lease) GROUP BY 1 ORDER BY 1 LIMIT 50) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE lease_holders;

-- latest_streams
PREPARE latest_streams AS
SELECT found.* FROM (
(SELECT DISTINCT stream FROM (
   SELECT "stream_name"::text AS stream FROM "public"."event_outbox" WHERE true ORDER BY "id" DESC LIMIT 1000) AS latest)
UNION
(SELECT DISTINCT stream FROM (
   SELECT "stream_name"::text AS stream FROM "public"."event_outbox" WHERE "dispatched_at" IS NULL AND "available_at" <= now()
    ORDER BY "available_at" LIMIT 1000) AS due)
LIMIT 100) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE latest_streams;
