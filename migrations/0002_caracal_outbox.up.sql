-- SPDX-License-Identifier: Apache-2.0
-- The outbox table of the Coordinator service, exactly as it exists in their databases.
-- done when: pg_catalog.to_regclass('caracal_outbox') IS NOT NULL

CREATE TABLE caracal_outbox (
  id pg_catalog.text PRIMARY KEY,
  producer pg_catalog.text NOT NULL CHECK (producer OPERATOR(pg_catalog.=) ANY (ARRAY['api', 'coordinator'])),
  topic pg_catalog.text NOT NULL,
  dedupe_key pg_catalog.text NOT NULL,
  payload_json pg_catalog.jsonb NOT NULL,
  status pg_catalog.text NOT NULL DEFAULT 'pending' CHECK (status OPERATOR(pg_catalog.=) ANY (ARRAY['pending', 'published', 'dead'])),
  attempts integer NOT NULL DEFAULT 0,
  available_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
  published_at pg_catalog.timestamptz,
  created_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
  updated_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
  UNIQUE (producer, topic, dedupe_key)
);

CREATE INDEX caracal_outbox_status_available_at ON caracal_outbox (status, available_at);
CREATE INDEX caracal_outbox_topic_status ON caracal_outbox (topic, status);
