// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// Rows of a claim that can't be handed out as they are, by their ids.
struct NotHandedOut {
  /// They are among the rows, without their payloads, which are too large for their share of the claim.
  std::vector<std::string> to_read;
  /// They were locked, but the lease was not written.
  std::vector<std::string> unwritten;
};

/// Reads what a claim's statement has returned into `claimed`.
///
/// A row whose id is too long to name it by can't be settled like others: it is declared dead at once, and is among
/// the refused. Blocks; throws what libpqxx throws where the connection no longer works.
[[nodiscard]] NotHandedOut read_claim(postgres::Statements& statements, const outbox_table::Layout& layout,
                                      const outbox_table::LayoutTerms& terms, const pqxx::result& result,
                                      dispatch::ClaimedRows& claimed);

/// Declares due rows dead that are named by ids too long to compare them, a few at a time; returns them. Blocks;
/// throws what libpqxx throws where the connection no longer works.
[[nodiscard]] std::vector<dispatch::RefusedRow> mark_due_nameless_dead(postgres::Statements& statements,
                                                                       const outbox_table::Layout& layout);

}  // namespace outboxd::outbox_store
