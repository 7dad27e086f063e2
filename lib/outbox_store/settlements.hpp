// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

namespace outboxd::outbox_store {

struct WrittenOutcomes {
  dispatch::Settled settled;
  /// There was nothing but errors that may go away with another connection, to another server perhaps.
  bool wants_new_connection = false;
};

/// Writes the outcomes of a settlement where its lease is still ours, in one statement if that goes, else in parts,
/// so that a row that another session has locked, or that a trigger objects to, holds up none of the others. Blocks.
/// Throws what libpqxx throws where the connection no longer works, or no row could be tried alone in time.
WrittenOutcomes write_outcomes(postgres::Statements& statements, const outbox_table::Layout& layout,
                               const dispatch::Settlement& settlement, const std::string& table);

}  // namespace outboxd::outbox_store
