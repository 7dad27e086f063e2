// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::outbox_table {

/// The column names of one kind of outbox table, as a value: which statements are used follows from the columns it
/// has. Names are as Postgres knows them, without quotes; an empty name means that there is no such column.
struct TableShape {
  /// For messages: "event_outbox".
  std::string name;
  std::string id;
  std::string stream;
  std::string payload;
  std::string attempts;
  /// The time before which the row must not be claimed; `infinity` means dead where there is no `status`.
  std::string available_at;
  /// The lease: which worker holds the row, and until when. Both or neither; without them a claim moves
  /// `available_at` to the lease's end, and attempts are counted with the outcome instead of with the claim.
  std::string locked_until{};
  std::string locked_by{};
  std::string last_error{};
  std::string dedupe_key{};
  std::string created_at{};
  std::string updated_at{};
  /// Set when the row is published. A shape has this or `status`, or both.
  std::string published_at{};
  std::string status{};
  std::string pending = "pending";
  std::string published = "published";
  std::string dead = "dead";
  /// The program that wrote the row.
  std::string producer{};
  /// The remedy where a column is missing or unsuitable; for messages.
  std::string remedy = "correct dispatcher.table or dispatcher.layout";

  [[nodiscard]] bool has_lease_columns() const { return !locked_until.empty(); }
  [[nodiscard]] bool has_status() const { return !status.empty(); }
};

/// The API service's table (CONTRACT.md, section 1).
[[nodiscard]] TableShape event_outbox_shape();

/// The Coordinator service's table (CONTRACT.md, section 1).
[[nodiscard]] TableShape caracal_outbox_shape();

}  // namespace outboxd::outbox_table
