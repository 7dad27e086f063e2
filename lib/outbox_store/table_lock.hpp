// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <string_view>

namespace outboxd::outbox_store {

/// To be called after a statement has failed with the SQLSTATE `cause`: throws LockedTable if it has waited too long,
/// and another session's lock is in the way. Blocks; throws libpqxx's exceptions.
void look_for_table_lock(postgres::Statements& statements, const outbox_table::Layout& layout,
                         std::string_view cause);

}  // namespace outboxd::outbox_store
