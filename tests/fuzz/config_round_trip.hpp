// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "fuzz/config_input.hpp"

#include <string>

namespace outboxd::fuzz {

/// All fields of the settings, one a line.
[[nodiscard]] std::string described(const config::Settings& settings);

/// Checks that the output of `config show`, with the secrets added, loads to the same settings; overwrites `file`
/// with it. Only for settings without problems.
void check_round_trip(const config::Loaded& loaded, const MemoryFile& file);

}  // namespace outboxd::fuzz
