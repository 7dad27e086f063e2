-- SPDX-License-Identifier: Apache-2.0
-- Dispatchers that run go on by polling.
DO $$
DECLARE
  outbox pg_catalog.regclass;
BEGIN
  FOREACH outbox IN ARRAY ARRAY[pg_catalog.to_regclass('event_outbox'), pg_catalog.to_regclass('caracal_outbox')] LOOP
    CONTINUE WHEN outbox IS NULL;
    EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS outboxd_wake_up ON %s', outbox);
  END LOOP;
  -- Tables of other names may have been given the trigger by hand.
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgfoid OPERATOR(pg_catalog.=) pg_catalog.to_regproc('outboxd_wake_up')::pg_catalog.oid) THEN
    DROP FUNCTION IF EXISTS outboxd_wake_up();
  END IF;
END
$$;
