// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <string_view>

namespace outboxd::postgres {

/// After a statement has failed with the SQLSTATE `cause`: throws LockedTable where that was for having waited too
/// long, and another session is in the way. Blocks; throws what libpqxx throws.
void look_for_table_lock(Statements& statements, const Layout& layout, std::string_view cause);

}  // namespace outboxd::postgres
