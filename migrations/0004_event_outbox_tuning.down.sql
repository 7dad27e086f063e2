-- SPDX-License-Identifier: Apache-2.0
-- Resets the fillfactor of the up file, for rows that are inserted from now on. Another fillfactor is kept.
DO $$
DECLARE
  part pg_catalog.regclass;
BEGIN
  FOR part IN
    SELECT c.oid FROM pg_catalog.pg_class AS c
     WHERE (c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid
            OR c.oid OPERATOR(pg_catalog.=) (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid AND indisprimary))
       AND 'fillfactor=45' OPERATOR(pg_catalog.=) ANY (c.reloptions)
  LOOP
    IF part::pg_catalog.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid THEN
      EXECUTE pg_catalog.format('ALTER TABLE %s RESET (fillfactor)', part);
    ELSE
      EXECUTE pg_catalog.format('ALTER INDEX %s RESET (fillfactor)', part);
    END IF;
  END LOOP;
END
$$;
