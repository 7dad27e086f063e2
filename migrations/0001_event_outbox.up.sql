-- SPDX-License-Identifier: Apache-2.0
-- The outbox table of the API service, exactly as it exists in their databases.
-- done when: pg_catalog.to_regclass('event_outbox') IS NOT NULL

CREATE TABLE event_outbox (
  id pg_catalog.text PRIMARY KEY,
  stream_name pg_catalog.text NOT NULL,
  payload_json pg_catalog.jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  available_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
  locked_until pg_catalog.timestamptz,
  locked_by pg_catalog.text,
  last_error pg_catalog.text,
  dispatched_at pg_catalog.timestamptz,
  request_id pg_catalog.text,
  created_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()
);

CREATE INDEX event_outbox_dispatch_ready ON event_outbox (available_at) WHERE dispatched_at IS NULL;
CREATE INDEX event_outbox_undispatched_age ON event_outbox (created_at) WHERE dispatched_at IS NULL;
