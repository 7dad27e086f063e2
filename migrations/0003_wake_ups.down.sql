-- SPDX-License-Identifier: Apache-2.0
-- Running dispatchers continue by polling.
DO $$
DECLARE
  outbox pg_catalog.regclass;
BEGIN
  FOREACH outbox IN ARRAY ARRAY[pg_catalog.to_regclass('event_outbox'), pg_catalog.to_regclass('caracal_outbox')] LOOP
    CONTINUE WHEN outbox IS NULL;
    EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS outboxd_wake_up ON %s', outbox);
  END LOOP;
  -- The trigger may also have been created by hand, on tables with other names.
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgfoid OPERATOR(pg_catalog.=) pg_catalog.to_regproc('outboxd_wake_up')::pg_catalog.oid) THEN
    DROP FUNCTION IF EXISTS outboxd_wake_up();
  END IF;
END
$$;
