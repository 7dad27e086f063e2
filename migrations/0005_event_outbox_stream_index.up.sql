-- SPDX-License-Identifier: Apache-2.0
-- Has a dispatcher of one stream find its rows without stepping over those of others.
-- optional: stream-index
-- no transaction
-- done when: EXISTS (SELECT FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid AND indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox_stream_ready')::pg_catalog.oid AND indisvalid)
--
-- Made beside writers, none of whom waits. It waits itself for every transaction that is open; where it ended halfway,
-- an invalid index is left: `outboxd migrate --revert 5` drops it.
--
-- The price: each insert, claim that isn't a HOT update, and mark writes one index more.

CREATE INDEX CONCURRENTLY IF NOT EXISTS event_outbox_stream_ready ON event_outbox (stream_name, available_at) WHERE dispatched_at IS NULL;
