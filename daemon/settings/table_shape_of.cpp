// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings/table_shape_of.hpp"

namespace outboxd::daemon {
namespace {

std::string named(const config::Names& names, const std::string& role) {
  const auto found = names.find(role);
  return found == names.end() ? "" : found->second;
}

outbox_table::TableShape custom_shape(const config::Names& columns, const config::Names& states) {
  return {.name = "custom",
          .id = named(columns, "id"),
          .stream = named(columns, "stream"),
          .payload = named(columns, "payload"),
          .attempts = named(columns, "attempts"),
          .available_at = named(columns, "available_at"),
          .locked_until = named(columns, "locked_until"),
          .locked_by = named(columns, "locked_by"),
          .last_error = named(columns, "last_error"),
          .dedupe_key = named(columns, "dedupe_key"),
          .created_at = named(columns, "created_at"),
          .updated_at = named(columns, "updated_at"),
          .published_at = named(columns, "published_at"),
          .status = named(columns, "status"),
          .pending = named(states, "pending"),
          .published = named(states, "published"),
          .dead = named(states, "dead"),
          .producer = named(columns, "producer"),
          .remedy = "correct dispatcher.columns"};
}

}  // namespace

outbox_table::TableShape table_shape_of(const config::DispatcherSettings& dispatcher) {
  if (dispatcher.layout == "custom") return custom_shape(dispatcher.columns, dispatcher.states);
  if (dispatcher.layout == "caracal_outbox") return outbox_table::caracal_outbox_shape();
  return outbox_table::event_outbox_shape();
}

}  // namespace outboxd::daemon
