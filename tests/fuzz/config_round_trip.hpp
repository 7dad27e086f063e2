// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "fuzz/config_input.hpp"

#include <string>

namespace outboxd::fuzz {

/// Every field of the settings, one a line.
[[nodiscard]] std::string described(const config::Settings& settings);

/// What `config show` prints is a configuration of the same settings, once the secrets are given beside it; `file` is
/// overwritten with it. Only for settings without problems.
void check_round_trip(const config::Loaded& loaded, const MemoryFile& file);

}  // namespace outboxd::fuzz
