// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/options.hpp"
#include "config/origin.hpp"
#include "config/toml_reader.hpp"
#include "config/value.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace outboxd::config {

/// Reads and checks a value from an environment variable, a flag, a secret's file or the table of defaults.
/// Lists are "a,b", limits "a=1000,b=5", names "role=name,other=name". What is wrong is added to `problems`.
std::optional<Value> parse_text(const Option& option, std::string_view text, Unit unit, const Origin& origin,
                                Problems& problems);

/// The same for a value of the TOML file, which also must have the type that the option asks for.
std::optional<Value> parse_node(const Option& option, const TomlNode& node, const std::string& file,
                                Problems& problems);

}  // namespace outboxd::config
