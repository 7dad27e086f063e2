-- SPDX-License-Identifier: Apache-2.0
-- The outbox table of the API service, exactly as services already have it.
-- done when: to_regclass('event_outbox') IS NOT NULL

CREATE TABLE event_outbox (
  id text PRIMARY KEY,
  stream_name text NOT NULL,
  payload_json jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  locked_until timestamptz,
  locked_by text,
  last_error text,
  dispatched_at timestamptz,
  request_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX event_outbox_dispatch_ready ON event_outbox (available_at) WHERE dispatched_at IS NULL;
CREATE INDEX event_outbox_undispatched_age ON event_outbox (created_at) WHERE dispatched_at IS NULL;
