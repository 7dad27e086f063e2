-- SPDX-License-Identifier: Apache-2.0
-- The statements of `outboxd trace` for the layout event_outbox, written by outbox_table_trace_sql_test.

-- trace_is_id
PREPARE trace_is_id AS
SELECT found.* FROM (SELECT ($1::text::text)::text AS id) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_is_id ('a');

-- trace_by_id
PREPARE trace_by_id AS
SELECT found.* FROM (
SELECT left("id"::text, 5000) AS id, left("stream_name"::text, 5000) AS stream, left(NULL::text, 500) AS producer,
       left(NULL::text, 5000) AS dedupe_key, left(NULL::text, 500) AS status,
       coalesce("dispatched_at" IS NULL, false) AS is_pending, coalesce("dispatched_at" IS NULL AND "available_at" = 'infinity', false) AS is_dead,
       coalesce((o."dispatched_at" IS NOT NULL), false) AS is_published, coalesce("attempts", 0)::bigint AS attempts,
       floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms,
       CASE WHEN isfinite("created_at") THEN to_char("created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "created_at"::text END AS created,
       CASE WHEN isfinite("created_at") THEN floor(extract(epoch FROM "created_at") * 1000)::bigint END AS created_ms,
       CASE WHEN isfinite("available_at") THEN to_char("available_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "available_at"::text END AS due,
       CASE WHEN isfinite("available_at") THEN floor(extract(epoch FROM "available_at") * 1000)::bigint END AS due_ms,
       CASE WHEN isfinite("dispatched_at") THEN to_char("dispatched_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "dispatched_at"::text END AS published,
       CASE WHEN isfinite("dispatched_at") THEN floor(extract(epoch FROM "dispatched_at") * 1000)::bigint END AS published_ms,
       CASE WHEN isfinite("locked_until") THEN to_char("locked_until" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE "locked_until"::text END AS leased_until,
       CASE WHEN isfinite("locked_until") THEN floor(extract(epoch FROM "locked_until") * 1000)::bigint END AS leased_until_ms,
       left("locked_by"::text, 256) AS leased_by, CASE WHEN octet_length("locked_by"::text) <= 256 AND "locked_by"::text LIKE 'outboxd:%' THEN hashtextextended("locked_by"::text, 7230) NOT IN (SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) END AS holder_is_gone,
       left("last_error"::text, 2000) AS last_error
  FROM "public"."event_outbox" AS o WHERE "id" = $1::text::text
 ORDER BY "created_at", "stream_name"::text COLLATE "C" LIMIT 21) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_by_id ('a');

-- trace_payload
PREPARE trace_payload AS
SELECT found.* FROM (
SELECT octet_length(printed) AS bytes, 33619968::bigint AS bound,
       CASE WHEN octet_length(printed) <= $4::bigint THEN printed END AS payload
  FROM (SELECT CASE WHEN pg_column_size(o."payload_json") > 33619968 THEN NULL
                    WHEN pg_column_size(o."payload_json" #> ARRAY[]::text[]) > 33619968 THEN NULL
                    ELSE coalesce(o."payload_json"::text, '') END AS printed
          FROM "public"."event_outbox" AS o WHERE "id" = $1::text::text AND left("stream_name"::text, 5000) = $2::text
         ORDER BY "created_at" OFFSET $3::bigint LIMIT 1) AS traced) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_payload ('a', 's', 0, 1000);

-- trace_is_locked
PREPARE trace_is_locked AS
SELECT found.* FROM (
SELECT true AS is_locked FROM "public"."event_outbox" WHERE "id" = $1::text::text AND xmax::text IN (
   SELECT transactionid::text FROM pg_locks
    WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid())
 LIMIT 1) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE trace_is_locked ('a');
