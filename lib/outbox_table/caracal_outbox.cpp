// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/table_shape.hpp"

namespace outboxd::outbox_table {

TableShape caracal_outbox_shape() {
  return {.name = "caracal_outbox",
          .id = "id",
          .stream = "topic",
          .payload = "payload_json",
          .attempts = "attempts",
          .available_at = "available_at",
          .dedupe_key = "dedupe_key",
          .created_at = "created_at",
          .updated_at = "updated_at",
          .published_at = "published_at",
          .status = "status",
          .producer = "producer"};
}

}  // namespace outboxd::outbox_table
