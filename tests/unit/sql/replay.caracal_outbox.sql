-- SPDX-License-Identifier: Apache-2.0
-- The statements of `outboxd replay` for the layout caracal_outbox, written by outbox_table_replay_sql_test.

-- replay_chosen
PREPARE replay_chosen AS
SELECT found.* FROM (
SELECT count(*) AS rows, count(*) FILTER (WHERE NOT (octet_length("id"::text) <= 4096)) AS nameless,
       CASE WHEN isfinite(min("published_at")) THEN to_char(timezone('UTC', min("published_at")), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END AS oldest,
       CASE WHEN isfinite(max("published_at")) THEN to_char(timezone('UTC', max("published_at")), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END AS newest
  FROM "public"."caracal_outbox" WHERE "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' AND "producer"::text = 'coordinator'
   AND "topic"::text = $1::text
   AND ($2::timestamptz IS NULL OR "published_at" >= $2::timestamptz)
   AND ($3::timestamptz IS NULL OR "published_at" < $3::timestamptz)
   AND ($4::text[] IS NULL OR "id" = ANY ($4::text[]::text[]))
   AND ($5::timestamptz IS NULL OR $5::timestamptz = '-infinity' OR "published_at" >= $5::timestamptz)
   AND ($5::timestamptz IS NULL OR coalesce("published_at", '-infinity') > $5::timestamptz OR (coalesce("published_at", '-infinity') = $5::timestamptz AND
        (coalesce("created_at", '-infinity') > $6::timestamptz OR (coalesce("created_at", '-infinity') = $6::timestamptz AND
         ("id" > $7::text::text OR ("id" = $7::text::text AND
          (tableoid > $8::oid OR (tableoid = $8::oid AND ctid > $9::tid))))))))) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE replay_chosen ('s', now() - interval '1 day', now(), NULL, now(), now(), 'a', 1, '(0,1)');

-- replay_window
PREPARE replay_window AS
SELECT found.* FROM (
SELECT "id"::text AS id, coalesce("published_at", '-infinity')::text AS published, coalesce("created_at", '-infinity')::text AS due, tableoid::text AS part, ctid::text AS place
  FROM "public"."caracal_outbox" WHERE "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' AND "producer"::text = 'coordinator'
   AND "topic"::text = $1::text
   AND ($2::timestamptz IS NULL OR "published_at" >= $2::timestamptz)
   AND ($3::timestamptz IS NULL OR "published_at" < $3::timestamptz)
   AND ($4::text[] IS NULL OR "id" = ANY ($4::text[]::text[]))
   AND ($5::timestamptz IS NULL OR $5::timestamptz = '-infinity' OR "published_at" >= $5::timestamptz)
   AND ($5::timestamptz IS NULL OR coalesce("published_at", '-infinity') > $5::timestamptz OR (coalesce("published_at", '-infinity') = $5::timestamptz AND
        (coalesce("created_at", '-infinity') > $6::timestamptz OR (coalesce("created_at", '-infinity') = $6::timestamptz AND
         ("id" > $7::text::text OR ("id" = $7::text::text AND
          (tableoid > $8::oid OR (tableoid = $8::oid AND ctid > $9::tid)))))))) AND octet_length("id"::text) <= 4096
 ORDER BY coalesce("published_at", '-infinity'), coalesce("created_at", '-infinity'), "id", tableoid, ctid LIMIT $10::bigint) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE replay_window ('s', now() - interval '1 day', now(), NULL, now(), now(), 'a', 1, '(0,1)', 10000);

-- replay_streams
PREPARE replay_streams AS
SELECT found.* FROM (
SELECT asked.wanted AS stream, EXISTS (SELECT FROM "public"."caracal_outbox" WHERE "topic"::text = asked.wanted AND "producer"::text = 'coordinator') AS known,
       (SELECT to_char(timezone('UTC', min("published_at")), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM "public"."caracal_outbox"
         WHERE "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' AND "topic"::text = asked.wanted AND isfinite("published_at") AND "producer"::text = 'coordinator') AS oldest,
       (SELECT count(*) FROM "public"."caracal_outbox"
         WHERE "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' AND "topic"::text = asked.wanted AND "published_at" IS NULL AND "producer"::text = 'coordinator') AS untimed
  FROM unnest($1::text[]) AS asked (wanted)) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE replay_streams ('{s}');

-- replay_ids
PREPARE replay_ids AS
SELECT found.* FROM (
SELECT asked.outboxd_id AS id, left(o."topic"::text, 5000) AS stream,
       CASE WHEN NOT (true AND "producer"::text = 'coordinator') THEN 'foreign' WHEN "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' THEN 'published' WHEN "status" = 'dead'::text THEN 'dead'
            WHEN (o."status" = 'published'::text) THEN 'discarded' ELSE 'pending' END AS state
  FROM unnest($1::text[]) AS asked (outboxd_id)
  JOIN "public"."caracal_outbox" AS o ON o."id" = asked.outboxd_id::text) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE replay_ids ('{a,b}');

-- replay_place
PREPARE replay_place AS
SELECT found.* FROM (
SELECT left("topic"::text, 5000) AS stream, coalesce("published_at", '-infinity')::text AS published, coalesce("created_at", '-infinity')::text AS due,
       tableoid::text AS part, ctid::text AS place
  FROM "public"."caracal_outbox" WHERE "id" = $1::text::text AND "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' AND "producer"::text = 'coordinator'
 ORDER BY coalesce("published_at", '-infinity'), coalesce("created_at", '-infinity'), tableoid, ctid) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE replay_place ('a');

-- replay_payloads
PREPARE replay_payloads AS
SELECT found.* FROM (
SELECT id::text, CASE WHEN text_bytes <= 16777216 AND (n = 1 OR before_text + text_bytes <= 8388608::bigint)
                      THEN text END AS payload,
       CASE WHEN NOT fits THEN bytes WHEN text_bytes > 16777216 THEN text_bytes END AS oversize_bytes,
       n, dedupe_key, dedupe_key_bytes
  FROM (SELECT *, octet_length(text) AS text_bytes,
               coalesce(sum(CASE WHEN octet_length(text) <= 16777216 THEN octet_length(text) END) OVER earlier, 0)
                 AS before_text
          FROM (SELECT id, n, bytes, fits, dedupe_key, dedupe_key_bytes,
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
                          FROM (SELECT o."id" AS id, outboxd_n AS n,
                                       o."payload_json" AS payload,
                                       CASE WHEN octet_length("dedupe_key"::text) <= 4096
                                            THEN "dedupe_key"::text
                                            ELSE left("dedupe_key"::text, 64) END AS dedupe_key,
                                       octet_length("dedupe_key"::text) AS dedupe_key_bytes,
                                       CASE WHEN outboxd_n = 1 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4)
                                            ELSE
            CASE WHEN coalesce(pg_column_size(o."payload_json"), 0) < 100000 OR clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second'
                 THEN coalesce(pg_column_size(o."payload_json" #> ARRAY[]::text[]), 4) END END AS bytes
                                  FROM "public"."caracal_outbox" AS o
                                  JOIN unnest($1::text[], $3::oid[], $4::tid[]) WITH ORDINALITY
                                    AS asked (outboxd_id, outboxd_part, outboxd_place, outboxd_n)
                                    ON o."id" = outboxd_id::text WHERE "id" = ANY ($1::text[]::text[]) AND "topic"::text = $2::text AND "status" = 'published'::text AND "published_at" IS DISTINCT FROM 'epoch' AND "available_at" IS DISTINCT FROM 'infinity' AND "producer"::text = 'coordinator' AND
                                       CASE WHEN o.tableoid = outboxd_part AND o.ctid = outboxd_place THEN true
                                            ELSE (SELECT count(*) FROM "public"."caracal_outbox" WHERE "id" =
                                                         outboxd_id::text) = 1 END ORDER BY 2 OFFSET 0) AS wanted
                        WINDOW earlier AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                        OFFSET 0) AS judged
                OFFSET 0) AS texts
        WINDOW earlier AS (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        OFFSET 0) AS summed
 ORDER BY n) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE replay_payloads ('{a,b}', 's', '{1,1}', '{"(0,1)","(0,2)"}');
