// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::postgres {

/// Statements that set what changes how Postgres prints names, types, times and numbers, and how it reads literals:
/// a role, a database or the server may have other defaults than Postgres'. For the transaction or the session; each
/// begins with "; ".
[[nodiscard]] std::string plain_settings_sql(bool for_one_transaction);

}  // namespace outboxd::postgres
