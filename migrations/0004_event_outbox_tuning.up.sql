-- SPDX-License-Identifier: Apache-2.0
-- Leaves room on each page for a row's leased version, so that a claim writes to no index (a HOT update), and room in
-- the primary key for the entry that each settlement adds.
-- optional: tune
-- done when: (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c WHERE (c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid OR c.oid OPERATOR(pg_catalog.=) (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid AND indisprimary)) AND EXISTS (SELECT FROM pg_catalog.unnest(c.reloptions) AS option WHERE option OPERATOR(pg_catalog.~~) 'fillfactor=%')) OPERATOR(pg_catalog.=) 2
--
-- Measured, 100,000 rows of 340 bytes, batch 500, Postgres 15: claims take 0.87 s of CPU instead of 1.49, settlements
-- 0.52 instead of 0.66; the daemon is 1.4 to 1.6 times as fast (50: 1.3 times, as a leased row is wider; 30: 1.2 times, and
-- more pages). The table is smaller after the drain, 121 MB instead of 163, as nothing moves to new pages.
-- The price: an insert takes 8 % more CPU and 64 bytes more WAL, and a backlog takes twice the pages. Rows of over
-- 1.4 kB gain less: 1.79 s of CPU for claims instead of 2.25.
--
-- Applies to rows that are inserted from now on. Takes no lock that readers or writers wait for (SHARE UPDATE
-- EXCLUSIVE, for a moment). An existing fillfactor is kept. There is no such tuning for caracal_outbox, as its claims
-- change an indexed column.

DO $$
DECLARE
  part pg_catalog.regclass;
BEGIN
  FOR part IN
    SELECT c.oid FROM pg_catalog.pg_class AS c
     WHERE (c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid
            OR c.oid OPERATOR(pg_catalog.=) (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid AND indisprimary))
       AND NOT EXISTS (SELECT FROM pg_catalog.unnest(c.reloptions) AS option WHERE option OPERATOR(pg_catalog.~~) 'fillfactor=%')
  LOOP
    IF part::pg_catalog.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid THEN
      EXECUTE pg_catalog.format('ALTER TABLE %s SET (fillfactor = 45)', part);
    ELSE
      EXECUTE pg_catalog.format('ALTER INDEX %s SET (fillfactor = 45)', part);
    END IF;
  END LOOP;
END
$$;
