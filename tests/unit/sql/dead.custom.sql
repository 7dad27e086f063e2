-- SPDX-License-Identifier: Apache-2.0
-- The statements of `outboxd dead` for the layout custom, written by outbox_table_dead_sql_test.

-- dead_list
PREPARE dead_list AS
SELECT found.* FROM (
SELECT stream, kind, count, CASE WHEN isfinite(oldest) THEN to_char(oldest, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') ELSE oldest::text END AS oldest,
       CASE WHEN isfinite(newest) THEN to_char(newest, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') ELSE newest::text END AS newest, example,
       sum(count) OVER ()::bigint AS rows, count(*) OVER () AS groups
  FROM (SELECT left("topic"::text, 500) COLLATE "C" AS stream, NULL::text AS kind, count(*) AS count,
               min(NULL::timestamptz) AS oldest, max(NULL::timestamptz) AS newest,
               min("id"::text COLLATE "C") FILTER (WHERE octet_length("id"::text) <= 4096) AS example
          FROM "public"."messages" WHERE "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[])) GROUP BY 1, 2) AS kinds
 ORDER BY count DESC, stream, kind LIMIT $6::bigint) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_list ('{s}', 'refused 1', now(), NULL, NULL, 1000);

-- dead_count
PREPARE dead_count AS
SELECT found.* FROM (
SELECT count(*) AS total, count(*) FILTER (WHERE NOT (octet_length("id"::text) <= 4096)) AS nameless
  FROM "public"."messages" WHERE "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[]))) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_count ('{s}', 'refused 1', now(), NULL, NULL);

-- dead_window
PREPARE dead_window AS
SELECT found.* FROM (
SELECT listed.id, (SELECT CASE WHEN clock_timestamp() < (SELECT clock_timestamp()) + interval '1 second' THEN octet_length((SELECT row_to_json(r)::text FROM (SELECT o."id", o."content") AS r)) END
                     FROM "public"."messages" AS o WHERE o.ctid = listed.place AND o.tableoid = listed.part) AS bytes
  FROM (SELECT "id"::text COLLATE "C" AS id, ctid AS place, tableoid AS part FROM "public"."messages"
         WHERE "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[])) AND octet_length("id"::text) <= 4096 AND ($6::text IS NULL OR "id"::text COLLATE "C" > $6::text)
         ORDER BY 1 LIMIT $7::bigint) AS listed
 ORDER BY 1) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_window ('{s}', 'refused 1', now(), NULL, NULL, NULL, 10000);

-- dead_requeue
PREPARE dead_requeue AS
/* requeue */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place FROM "public"."messages" AS o
   WHERE "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[])) FOR UPDATE SKIP LOCKED),
written AS (
  UPDATE "public"."messages" AS o SET "attempts" = 0, "next_try" = now()
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked)) AND "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[]))
  RETURNING o."id"::text AS id, coalesce("sent_at" IS NULL AND "next_try" < 'infinity', false) AS as_meant)
SELECT id FROM written WHERE as_meant AND (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_requeue ('{s}', 'refused 1', now(), NULL, NULL, '{a,b}');

-- dead_remove
PREPARE dead_remove AS
/* discard */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place FROM "public"."messages" AS o
   WHERE "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[])) FOR UPDATE SKIP LOCKED),
gone AS (
  DELETE FROM "public"."messages" AS o WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked)) AND "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[]))
  RETURNING o."id"::text AS id, (SELECT row_to_json(r)::text FROM (SELECT o."id", o."content") AS r) AS exported)
SELECT id, exported FROM gone WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_remove ('{s}', 'refused 1', now(), NULL, NULL, '{a,b}');

-- dead_remove_waiting
PREPARE dead_remove_waiting AS
/* discard */
WITH gone AS (
  DELETE FROM "public"."messages" AS o WHERE "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[]))
  RETURNING o."id"::text AS id, (SELECT row_to_json(r)::text FROM (SELECT o."id", o."content") AS r) AS exported)
SELECT id, exported FROM gone WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_remove_waiting ('{s}', 'refused 1', now(), NULL, NULL, '{a,b}');

-- dead_mark_discarded
PREPARE dead_mark_discarded AS
/* discard */
WITH locked AS MATERIALIZED (
  SELECT ctid AS place, ctid AS at, tableoid AS part, (SELECT row_to_json(r)::text FROM (SELECT o."id", o."content") AS r) AS exported FROM "public"."messages" AS o
   WHERE "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[])) FOR UPDATE SKIP LOCKED),
written AS (
  UPDATE "public"."messages" AS o SET "sent_at" = 'epoch', "next_try" = 'infinity'
    FROM (SELECT at AS outboxd_at, part AS outboxd_part, exported AS outboxd_exported FROM locked) AS before
   WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked)) AND "id" = ANY ($6::text[]::text[]) AND "sent_at" IS NULL AND "next_try" = 'infinity'
   AND ($1::text[] IS NULL OR "topic"::text = ANY ($1::text[]))
   AND ($2::text IS NULL OR position(regexp_replace(left($2::text::text, 500) COLLATE "C", '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#', 'g') IN NULL::text) > 0)
   AND ($3::timestamptz IS NULL OR NULL::timestamptz < $3::timestamptz)
   AND ($4::timestamptz IS NULL OR NULL::timestamptz >= $4::timestamptz)
   AND ($5::text[] IS NULL OR "id" = ANY ($5::text[]::text[])) AND $7::text IS NOT NULL
     AND o.ctid = outboxd_at AND o.tableoid = outboxd_part
  RETURNING o."id"::text AS id, outboxd_exported AS exported, coalesce((o."sent_at" IS NOT NULL), false) AS as_meant)
SELECT id, exported FROM written WHERE as_meant AND (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_mark_discarded ('{s}', 'refused 1', now(), NULL, NULL, '{a,b}', 'discarded: sent by hand');

-- dead_outcomes
PREPARE dead_outcomes AS
SELECT found.* FROM (
SELECT "id"::text AS id, CASE WHEN "sent_at" IS NULL AND "next_try" = 'infinity' THEN 'dead' WHEN (o."sent_at" IS NOT NULL) AND "sent_at" = 'epoch' THEN 'discarded' WHEN (o."sent_at" IS NOT NULL) THEN 'published' WHEN coalesce("attempts", 0) > 0 AND "next_try" > now() THEN 'retrying' ELSE 'waiting' END AS state FROM "public"."messages" AS o WHERE "id" = ANY ($1::text[]::text[])) AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_outcomes ('{a,b}');

-- dead_show
PREPARE dead_show AS
SELECT found.* FROM (
SELECT state, key AS name, value::text AS json,
       CASE WHEN key = 'content' THEN value::text ELSE value #>> '{}' END AS text
  FROM (SELECT CASE WHEN "sent_at" IS NULL AND "next_try" = 'infinity' THEN 'dead' WHEN (o."sent_at" IS NOT NULL) AND "sent_at" = 'epoch' THEN 'discarded' WHEN (o."sent_at" IS NOT NULL) THEN 'published' WHEN coalesce("attempts", 0) > 0 AND "next_try" > now() THEN 'retrying' ELSE 'waiting' END AS state, (SELECT row_to_json(r)::text FROM (SELECT o."id", o."content") AS r)::json AS whole FROM "public"."messages" AS o
         WHERE "id" = $1::text::text) AS found,
       LATERAL json_each(whole) AS of_it (key, value)
 WHERE $2::boolean OR key <> 'content') AS found WHERE (SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL;

EXPLAIN EXECUTE dead_show ('a', false);
