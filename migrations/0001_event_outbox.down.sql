-- SPDX-License-Identifier: Apache-2.0
-- Drops the table, but refuses while it has unpublished rows, including dead ones, as those may still be requeued.
DO $$
DECLARE
  unpublished bigint;
BEGIN
  IF pg_catalog.to_regclass('event_outbox') IS NULL THEN
    RETURN;
  END IF;
  -- Locked before counting, so that no row can be inserted between the count and the drop.
  LOCK TABLE event_outbox IN ACCESS EXCLUSIVE MODE;
  SELECT pg_catalog.count(*) INTO unpublished FROM event_outbox WHERE dispatched_at IS NULL;
  IF unpublished OPERATOR(pg_catalog.>) 0 THEN
    RAISE EXCEPTION 'event_outbox still holds % unpublished row(s)', unpublished
      USING HINT = 'Let outboxd publish them (outboxd --once), or delete them yourself, then try again.';
  END IF;
  DROP TABLE event_outbox;
END
$$;
