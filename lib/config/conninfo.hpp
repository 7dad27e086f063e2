// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outboxd::config {

using KeywordValues = std::vector<std::pair<std::string, std::string>>;

/// Reads `key = value key='quoted \' value'` by libpq's rules; nullopt if it is not of that form.
std::optional<KeywordValues> parse_conninfo(std::string_view text);

/// A value as conninfo writes it, quoted where it must be.
std::string conninfo_value(std::string_view value);

}  // namespace outboxd::config
