// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// Whether Postgres could have something of this name, were it in quotes: 1 to 63 bytes, none of them zero.
bool can_be_identifier(std::string_view name);

/// The table, or the schema and the table, that a name such as `table`, `schema.table` or `"My.Schema"."my
/// ""table"""` is made of, without their quotes; nullopt if it is none.
std::optional<std::vector<std::string>> table_name_parts(std::string_view name);

}  // namespace outboxd::config
