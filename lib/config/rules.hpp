// SPDX-License-Identifier: Apache-2.0
// What must be there, and what must hold between the settings of one dispatcher, each being good by itself.
#pragma once

#include "config/layers.hpp"
#include "config/loader.hpp"
#include "config/origin.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace outboxd::config {

/// A connection to Postgres where the command needs one, the back-off's bounds, streams that are wanted and excluded,
/// and whether the layout, its columns and states make a table that can be worked on.
void check_rules(const Layer& merged, const Needs& needs, Problems& problems);

/// Puts in what follows from the layout where nothing else was given: the table's name and the producer.
void resolve_layout(Layer& merged);

/// A signing key, where the mode asks for one; a warning where no key is set, and the mode allows it.
void check_signing(const Layer& merged, const Needs& needs, Problems& problems, Problems& warnings);

/// Secrets in files that every user of the machine can read, or that others than the owner can change, and a signing
/// key that is none. Blocks while it looks at the files.
void warn_of_exposed_secrets(const Layer& merged, Problems& warnings);

/// Why a key of at least 32 bytes can be guessed, as a clause; "" where that can't be seen.
std::string weakness_of_key(std::span<const std::uint8_t> key);

}  // namespace outboxd::config
