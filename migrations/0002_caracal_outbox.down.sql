-- SPDX-License-Identifier: Apache-2.0
-- Drops the table, but refuses while it has unpublished rows, including dead ones, as those may still be requeued.
DO $$
DECLARE
  unpublished bigint;
BEGIN
  IF pg_catalog.to_regclass('caracal_outbox') IS NULL THEN
    RETURN;
  END IF;
  -- Locked before counting, so that no row can be inserted between the count and the drop.
  LOCK TABLE caracal_outbox IN ACCESS EXCLUSIVE MODE;
  SELECT pg_catalog.count(*) INTO unpublished FROM caracal_outbox WHERE status OPERATOR(pg_catalog.<>) 'published';
  IF unpublished OPERATOR(pg_catalog.>) 0 THEN
    RAISE EXCEPTION 'caracal_outbox still holds % unpublished row(s)', unpublished
      USING HINT = 'Let outboxd publish them (outboxd --once), or delete them yourself, then try again.';
  END IF;
  DROP TABLE caracal_outbox;
END
$$;
