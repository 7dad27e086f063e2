// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd {

/// A schema's or a table's name, without the quotes around it.
struct NamePart {
  std::string text;
  bool quoted = false;
};

/// The table, or the schema and the table, that a name such as `table`, `schema.table` or `"My.Schema"."my
/// ""table"""` is made of; nullopt for an empty part, a quote that isn't closed or stands inside a bare part, text
/// behind a quoted part, or more than two parts.
[[nodiscard]] std::optional<std::vector<NamePart>> split_table_name(std::string_view name);

}  // namespace outboxd
