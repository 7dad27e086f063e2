// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// A table name, perhaps schema-qualified (`schema.table`), as quoted SQL: each part between double quotes. A part
/// already in double quotes is kept as written (`"My.Schema"."odd""name"`); a bare part is quoted unchanged, so upper
/// case is kept, not folded. Throws std::invalid_argument for a text that is no table name (outbox/table_name.hpp),
/// or that has a NUL byte.
[[nodiscard]] std::string quote_table(std::string_view name);

/// A column's name as quoted SQL, whatever characters it has.
[[nodiscard]] std::string quote_name(std::string_view name);

/// A text as an SQL literal, whatever the session's standard_conforming_strings says.
[[nodiscard]] std::string quote_text(std::string_view text);

}  // namespace outboxd::postgres
