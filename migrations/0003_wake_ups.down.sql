-- SPDX-License-Identifier: Apache-2.0
-- Dispatchers that run go on by polling.
DO $$
DECLARE
  outbox regclass;
BEGIN
  FOREACH outbox IN ARRAY ARRAY[to_regclass('event_outbox'), to_regclass('caracal_outbox')] LOOP
    CONTINUE WHEN outbox IS NULL;
    EXECUTE format('DROP TRIGGER IF EXISTS outboxd_wake_up ON %s', outbox);
  END LOOP;
  -- Tables of other names may have been given the trigger by hand.
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = to_regproc('outboxd_wake_up')) THEN
    DROP FUNCTION IF EXISTS outboxd_wake_up();
  END IF;
END
$$;
