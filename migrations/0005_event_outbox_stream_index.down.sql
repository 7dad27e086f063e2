-- SPDX-License-Identifier: Apache-2.0
-- Running dispatchers continue with the index by time.
DROP INDEX IF EXISTS event_outbox_stream_ready;
