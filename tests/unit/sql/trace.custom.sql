-- SPDX-License-Identifier: Apache-2.0
-- The statements of `outboxd trace` for the layout custom, written by outbox_table_trace_sql_test.

-- trace_is_id
PREPARE trace_is_id AS
SELECT found.* FROM (SELECT ($1::text::text)::text AS id) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_is_id ('a');

-- trace_by_id
PREPARE trace_by_id AS
SELECT found.* FROM (
SELECT left("id"::text, 5000) AS id, left("topic"::text, 5000) AS stream, left(NULL::text, 500) AS producer,
       left(NULL::text, 5000) AS dedupe_key, left(NULL::text, 500) AS status,
       coalesce("sent_at" IS NULL, false) AS is_pending, coalesce("sent_at" IS NULL AND "next_try" = 'infinity', false) AS is_dead,
       coalesce((o."sent_at" IS NOT NULL), false) AS is_published, coalesce("attempts", 0)::bigint AS attempts,
       floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms,
       CASE WHEN isfinite(NULL::timestamptz) THEN to_char(NULL::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE NULL::timestamptz::text END AS created,
       CASE WHEN isfinite(NULL::timestamptz) THEN floor(extract(epoch FROM NULL::timestamptz) * 1000)::bigint END AS created_ms,
       CASE WHEN isfinite("next_try") THEN to_char("next_try" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "next_try"::text END AS due,
       CASE WHEN isfinite("next_try") THEN floor(extract(epoch FROM "next_try") * 1000)::bigint END AS due_ms,
       CASE WHEN isfinite("sent_at") THEN to_char("sent_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "sent_at"::text END AS published,
       CASE WHEN isfinite("sent_at") THEN floor(extract(epoch FROM "sent_at") * 1000)::bigint END AS published_ms,
       CASE WHEN isfinite(NULL::timestamptz) THEN to_char(NULL::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE NULL::timestamptz::text END AS leased_until,
       CASE WHEN isfinite(NULL::timestamptz) THEN floor(extract(epoch FROM NULL::timestamptz) * 1000)::bigint END AS leased_until_ms,
       left(NULL::text, 256) AS leased_by, NULL::boolean AS holder_is_gone,
       left(NULL::text, 2000) AS last_error
  FROM "public"."messages" AS o WHERE "id" = $1::text::text
 ORDER BY NULL::timestamptz, "topic"::text COLLATE "C" LIMIT 21) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_by_id ('a');

-- trace_payload
PREPARE trace_payload AS
SELECT found.* FROM (
SELECT octet_length(printed) AS bytes, 33619968::bigint AS bound,
       CASE WHEN octet_length(printed) <= $4::bigint THEN printed END AS payload
  FROM (SELECT CASE WHEN pg_column_size(o."content") > 33619968 THEN NULL
                    WHEN pg_column_size(o."content" #> ARRAY[]::text[]) > 33619968 THEN NULL
                    ELSE coalesce(o."content"::text, '') END AS printed
          FROM "public"."messages" AS o WHERE "id" = $1::text::text AND left("topic"::text, 5000) = $2::text
         ORDER BY NULL::timestamptz OFFSET $3::bigint LIMIT 1) AS traced) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_payload ('a', 's', 0, 1000);

-- trace_is_locked
PREPARE trace_is_locked AS
SELECT found.* FROM (
SELECT true AS is_locked FROM "public"."messages" WHERE "id" = $1::text::text AND xmax::text IN (
   SELECT transactionid::text FROM pg_locks
    WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid())
 LIMIT 1) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_is_locked ('a');
