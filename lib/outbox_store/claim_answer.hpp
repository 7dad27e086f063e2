// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// The ids of a claim's rows that can't be handed out as they are.
struct NotHandedOut {
  /// Rows that came without their payloads, which are too large for their share of the claim.
  std::vector<std::string> to_read;
  /// Rows that were locked, but whose lease was not written.
  std::vector<std::string> unwritten;
};

/// Reads the result of a claim's statement into `claimed`.
///
/// A row whose id is too long to name it by can't be settled like others: it is declared dead at once, and is listed
/// as refused. Blocks; throws libpqxx's exceptions where the connection no longer works.
[[nodiscard]] NotHandedOut read_claim(postgres::Statements& statements, const outbox_table::Layout& layout,
                                      const outbox_table::LayoutTerms& terms, const pqxx::result& result,
                                      dispatch::ClaimedRows& claimed);

/// Declares due rows dead whose ids are too long to compare them, a few at a time; returns them. Blocks; throws
/// libpqxx's exceptions where the connection no longer works.
[[nodiscard]] std::vector<dispatch::RefusedRow> mark_due_nameless_dead(postgres::Statements& statements,
                                                                       const outbox_table::Layout& layout);

}  // namespace outboxd::outbox_store
