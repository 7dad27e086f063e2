// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// The literal of a one-dimensional text[] that Postgres reads back as exactly these elements, whatever they hold;
/// empty elements of the second form become NULL. Any other array type takes it too, with a cast in the SQL.
[[nodiscard]] std::string array_literal(const std::vector<std::string>& elements);
[[nodiscard]] std::string array_literal(const std::vector<std::optional<std::string>>& elements);

}  // namespace outboxd::postgres
