-- SPDX-License-Identifier: Apache-2.0
-- Has a commit wake outboxd, so that a row is in its stream a millisecond later instead of half a poll interval.
-- optional: wake-ups
-- done when: (SELECT count(*) FROM pg_trigger WHERE tgname = 'outboxd_wake_up' AND tgrelid IN (to_regclass('event_outbox'), to_regclass('caracal_outbox'))) = greatest(1, (to_regclass('event_outbox') IS NOT NULL)::int + (to_regclass('caracal_outbox') IS NOT NULL)::int)
--
-- Commits that notify wait for each other, and for each other's flush of the log. So a statement notifies only while a
-- dispatcher has nothing to do: it holds the advisory lock (1869968482, the table's oid) then. Whoever gets the lock
-- in shared mode keeps it until the transaction ends, so that no dispatcher goes to sleep before it is seen, and
-- commits without a word. Costs a statement two microseconds; the same condition inside the function costs
-- single-statement transactions more, as PL/pgSQL sets an expression up anew in each. README, "Wake-ups".
--
-- Not for tables into which two-phase transactions insert: Postgres does not prepare one that has notified.

CREATE OR REPLACE FUNCTION outboxd_wake_up() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_notify('outboxd_' || TG_RELID, '');
  RETURN NULL;
END
$$;

DO $$
DECLARE
  outbox regclass;
BEGIN
  FOREACH outbox IN ARRAY ARRAY[to_regclass('event_outbox'), to_regclass('caracal_outbox')] LOOP
    CONTINUE WHEN outbox IS NULL
      OR EXISTS (SELECT FROM pg_trigger WHERE tgname = 'outboxd_wake_up' AND tgrelid = outbox);
    EXECUTE format(
      'CREATE TRIGGER outboxd_wake_up AFTER INSERT ON %1$s FOR EACH STATEMENT'
      ' WHEN (NOT pg_try_advisory_xact_lock_shared(1869968482, %1$L::regclass::oid::int4))'
      ' EXECUTE FUNCTION outboxd_wake_up()', outbox);
  END LOOP;
END
$$;
