-- SPDX-License-Identifier: Apache-2.0
-- Lets a dispatcher of one stream find its rows without reading those of other streams.
-- optional: stream-index
-- no transaction
-- done when: EXISTS (SELECT FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox')::pg_catalog.oid AND indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('event_outbox_stream_ready')::pg_catalog.oid AND indisvalid)
--
-- No writer waits while the index is built. The build itself waits for every open transaction. If it fails halfway, it
-- leaves an invalid index: `outboxd migrate --revert 5` drops it.
--
-- The price: each insert, each settlement, and each claim that isn't a HOT update, writes to one more index.

CREATE INDEX CONCURRENTLY IF NOT EXISTS event_outbox_stream_ready ON event_outbox (stream_name, available_at) WHERE dispatched_at IS NULL;
