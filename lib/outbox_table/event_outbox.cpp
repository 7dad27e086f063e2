// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/table_shape.hpp"

namespace outboxd::outbox_table {

TableShape event_outbox_shape() {
  return {.name = "event_outbox",
          .id = "id",
          .stream = "stream_name",
          .payload = "payload_json",
          .attempts = "attempts",
          .available_at = "available_at",
          .locked_until = "locked_until",
          .locked_by = "locked_by",
          .last_error = "last_error",
          .created_at = "created_at",
          .published_at = "dispatched_at"};
}

}  // namespace outboxd::outbox_table
