// SPDX-License-Identifier: Apache-2.0
// Required settings, and conditions between the settings of one dispatcher, each of which is valid by itself.
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace outboxd::config {

/// Checks the connection to Postgres where the command needs one, the back-off's bounds, streams that are both wanted
/// and excluded, and whether the layout, its columns and states describe a usable table.
void check_rules(const Layer& merged, const Needs& needs, Problems& problems);

/// Sets the table's name and the producer by the layout where they are not set.
void resolve_layout(Layer& merged);

/// Requires a signing key, where the mode does; warns where no key is set and the mode allows that.
void check_signing(const Layer& merged, const Needs& needs, Findings& findings);

/// Warns of secrets in files that every user of the machine can read, or that other users than the owner can change,
/// and of a weak signing key. Blocks while it looks at the files.
void warn_of_exposed_secrets(const Layer& merged, Problems& warnings);

/// Why a key of at least 32 bytes can be guessed, as a clause; "" where no weakness is found.
std::string weakness_of_key(std::span<const std::uint8_t> key);

}  // namespace outboxd::config
