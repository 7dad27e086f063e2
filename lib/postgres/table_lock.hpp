// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/layout.hpp"
#include "postgres/statements.hpp"

#include <stdexcept>
#include <string_view>

namespace outboxd::postgres {

/// Another session has the table locked, or waits for that; which one, and what to do. It is no row's fault.
class LockedTable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// After a statement has failed with the SQLSTATE `cause`: throws LockedTable where that was for having waited too
/// long, and another session is in the way. Blocks; throws what libpqxx throws.
void look_for_table_lock(Statements& statements, const Layout& layout, std::string_view cause);

}  // namespace outboxd::postgres
