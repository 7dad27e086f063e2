-- SPDX-License-Identifier: Apache-2.0
-- The outbox table of the Coordinator service, exactly as services already have it.
-- done when: to_regclass('caracal_outbox') IS NOT NULL

CREATE TABLE caracal_outbox (
  id text PRIMARY KEY,
  producer text NOT NULL CHECK (producer IN ('api', 'coordinator')),
  topic text NOT NULL,
  dedupe_key text NOT NULL,
  payload_json jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'published', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (producer, topic, dedupe_key)
);

CREATE INDEX caracal_outbox_status_available_at ON caracal_outbox (status, available_at);
CREATE INDEX caracal_outbox_topic_status ON caracal_outbox (topic, status);
