// SPDX-License-Identifier: Apache-2.0
// What reading text and reading TOML have in common, for parse.cpp and parse_node.cpp alone.
#pragma once

#include "config/options.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

inline constexpr const char* kEmptyStream = "has an empty stream name";

/// "dispatcher.batch = 0: must be …"; a secret's value stays out of it.
std::string sentence(const Option& option, const std::string& shown_value, const std::string& reason);

/// How many of the option's own units one of the given makes.
std::int64_t factor_of(Unit unit);

/// "" if the number is within the option's bounds, which are stated in the notation that was used.
std::string out_of_bounds(const Option& option, std::int64_t number, Unit unit);

/// The words of a choice, or the roles of names.
std::vector<std::string> choices_of(const Option& option);

/// "" if the option has such a role.
std::string wrong_role(const Option& option, std::string_view role);

/// What the option's own check says; "" if it has none.
std::string failed_check(const Option& option, const Value& value);

}  // namespace outboxd::config
