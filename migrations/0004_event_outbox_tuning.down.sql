-- SPDX-License-Identifier: Apache-2.0
-- Takes back what the up file sets, for rows that are inserted from now on. Another fillfactor stays.
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN
    SELECT c.oid FROM pg_class AS c
     WHERE (c.oid = to_regclass('event_outbox')
            OR c.oid = (SELECT indexrelid FROM pg_index WHERE indrelid = to_regclass('event_outbox') AND indisprimary))
       AND 'fillfactor=45' = ANY (c.reloptions)
  LOOP
    IF part = to_regclass('event_outbox') THEN
      EXECUTE format('ALTER TABLE %s RESET (fillfactor)', part);
    ELSE
      EXECUTE format('ALTER INDEX %s RESET (fillfactor)', part);
    END IF;
  END LOOP;
END
$$;
