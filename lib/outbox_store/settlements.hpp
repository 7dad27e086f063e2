// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

namespace outboxd::outbox_store {

struct WrittenOutcomes {
  dispatch::Settled settled;
  /// All errors were such that another connection, perhaps to another server, may not have them.
  bool wants_new_connection = false;
};

/// Writes the outcomes of a settlement where its lease is still held: in one statement if possible, otherwise in
/// parts, so that a row that another session has locked, or that a trigger refuses, does not hold up the others.
/// Blocks. Throws libpqxx's exceptions where the connection no longer works, or where there was no time to try a row
/// alone.
WrittenOutcomes write_outcomes(postgres::Statements& statements, const outbox_table::Layout& layout,
                               const dispatch::Settlement& settlement, const std::string& table);

}  // namespace outboxd::outbox_store
