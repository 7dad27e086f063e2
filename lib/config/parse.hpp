// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/options.hpp"
#include "config/origin.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::config {

/// Reads and checks a value from an environment variable, a flag, a secret's file or the table of defaults. Lists are
/// "a,b", limits "a=1000,b=5", names "role=name,other=name". Errors are added to `problems`.
std::optional<Value> parse_text(const Option& option, std::string_view text, Unit unit, const Origin& origin,
                                Problems& problems);

// Checks that are shared with the reader of TOML files (toml_file.cpp); each returns the error, or "".

inline constexpr const char* kEmptyStream = "has an empty stream name";

/// The bounds are stated in the notation that was used.
std::string out_of_bounds(const Option& option, std::int64_t number, Unit unit = Unit::own);
/// The key of an entry of limits or names: a stream, or a role that the option has.
std::string wrong_key(const Option& option, std::string_view key);
std::string failed_check(const Option& option, const Value& value);

/// "dispatcher.batch = 0: must be …"; never contains a secret's value.
std::string sentence(const Option& option, const std::string& shown_value, const std::string& reason);

/// How many of the option's own units make one of the given unit.
std::int64_t factor_of(Unit unit);

}  // namespace outboxd::config
