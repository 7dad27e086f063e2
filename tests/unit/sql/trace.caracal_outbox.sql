-- SPDX-License-Identifier: Apache-2.0
-- The statements of `outboxd trace` for the layout caracal_outbox, written by outbox_table_trace_sql_test.

-- trace_is_id
PREPARE trace_is_id AS
SELECT found.* FROM (SELECT ($1::text::text)::text AS id) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_is_id ('a');

-- trace_by_id
PREPARE trace_by_id AS
SELECT found.* FROM (
SELECT left("id"::text, 5000) AS id, left("topic"::text, 5000) AS stream, left("producer"::text, 500) AS producer,
       left("dedupe_key"::text, 5000) AS dedupe_key, left("status"::text, 500) AS status,
       coalesce("status" = 'pending'::text, false) AS is_pending, coalesce("status" = 'dead'::text, false) AS is_dead,
       coalesce((o."status" = 'published'::text), false) AS is_published, coalesce("attempts", 0)::bigint AS attempts,
       floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms,
       CASE WHEN isfinite("created_at") THEN to_char("created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "created_at"::text END AS created,
       CASE WHEN isfinite("created_at") THEN floor(extract(epoch FROM "created_at") * 1000)::bigint END AS created_ms,
       CASE WHEN isfinite("available_at") THEN to_char("available_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "available_at"::text END AS due,
       CASE WHEN isfinite("available_at") THEN floor(extract(epoch FROM "available_at") * 1000)::bigint END AS due_ms,
       CASE WHEN isfinite("published_at") THEN to_char("published_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "published_at"::text END AS published,
       CASE WHEN isfinite("published_at") THEN floor(extract(epoch FROM "published_at") * 1000)::bigint END AS published_ms,
       CASE WHEN isfinite(NULL::timestamptz) THEN to_char(NULL::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE NULL::timestamptz::text END AS leased_until,
       CASE WHEN isfinite(NULL::timestamptz) THEN floor(extract(epoch FROM NULL::timestamptz) * 1000)::bigint END AS leased_until_ms,
       left(NULL::text, 256) AS leased_by, NULL::boolean AS holder_is_gone,
       left(NULL::text, 2000) AS last_error
  FROM "public"."caracal_outbox" AS o WHERE "id" = $1::text::text
 ORDER BY "created_at", "topic"::text COLLATE "C" LIMIT 21) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_by_id ('a');

-- trace_by_dedupe_key
PREPARE trace_by_dedupe_key AS
SELECT found.* FROM (
SELECT left("id"::text, 5000) AS id, left("topic"::text, 5000) AS stream, left("producer"::text, 500) AS producer,
       left("dedupe_key"::text, 5000) AS dedupe_key, left("status"::text, 500) AS status,
       coalesce("status" = 'pending'::text, false) AS is_pending, coalesce("status" = 'dead'::text, false) AS is_dead,
       coalesce((o."status" = 'published'::text), false) AS is_published, coalesce("attempts", 0)::bigint AS attempts,
       floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms,
       CASE WHEN isfinite("created_at") THEN to_char("created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "created_at"::text END AS created,
       CASE WHEN isfinite("created_at") THEN floor(extract(epoch FROM "created_at") * 1000)::bigint END AS created_ms,
       CASE WHEN isfinite("available_at") THEN to_char("available_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "available_at"::text END AS due,
       CASE WHEN isfinite("available_at") THEN floor(extract(epoch FROM "available_at") * 1000)::bigint END AS due_ms,
       CASE WHEN isfinite("published_at") THEN to_char("published_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "published_at"::text END AS published,
       CASE WHEN isfinite("published_at") THEN floor(extract(epoch FROM "published_at") * 1000)::bigint END AS published_ms,
       CASE WHEN isfinite(NULL::timestamptz) THEN to_char(NULL::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE NULL::timestamptz::text END AS leased_until,
       CASE WHEN isfinite(NULL::timestamptz) THEN floor(extract(epoch FROM NULL::timestamptz) * 1000)::bigint END AS leased_until_ms,
       left(NULL::text, 256) AS leased_by, NULL::boolean AS holder_is_gone,
       left(NULL::text, 2000) AS last_error
  FROM "public"."caracal_outbox" AS o WHERE "dedupe_key"::text = $1::text
 ORDER BY "created_at", "topic"::text COLLATE "C" LIMIT 21) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_by_dedupe_key ('a');

-- trace_payload
PREPARE trace_payload AS
SELECT found.* FROM (
SELECT octet_length(printed) AS bytes, 33619968::bigint AS bound,
       CASE WHEN octet_length(printed) <= $4::bigint THEN printed END AS payload
  FROM (SELECT CASE WHEN pg_column_size(o."payload_json") > 33619968 THEN NULL
                    WHEN pg_column_size(o."payload_json" #> ARRAY[]::text[]) > 33619968 THEN NULL
                    ELSE coalesce(o."payload_json"::text, '') END AS printed
          FROM "public"."caracal_outbox" AS o WHERE "id" = $1::text::text AND left("topic"::text, 5000) = $2::text
         ORDER BY "created_at" OFFSET $3::bigint LIMIT 1) AS traced) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_payload ('a', 's', 0, 1000);

-- trace_is_locked
PREPARE trace_is_locked AS
SELECT found.* FROM (
SELECT true AS is_locked FROM "public"."caracal_outbox" WHERE "id" = $1::text::text AND xmax::text IN (
   SELECT transactionid::text FROM pg_locks
    WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid())
 LIMIT 1) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_is_locked ('a');
