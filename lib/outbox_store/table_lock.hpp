// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <string_view>

namespace outboxd::outbox_store {

/// After a statement has failed with the SQLSTATE `cause`: throws LockedTable where that was for having waited too
/// long, and another session is in the way. Blocks; throws what libpqxx throws.
void look_for_table_lock(postgres::Statements& statements, const outbox_table::Layout& layout,
                         std::string_view cause);

}  // namespace outboxd::outbox_store
