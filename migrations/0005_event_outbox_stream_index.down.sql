-- SPDX-License-Identifier: Apache-2.0
-- Dispatchers that run go on with the index by time.
DROP INDEX IF EXISTS event_outbox_stream_ready;
