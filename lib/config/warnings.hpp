// SPDX-License-Identifier: Apache-2.0
// What works, and should not be so.
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace outboxd::config {

/// Secrets in files that every user of the machine can read, or that others than the owner can change, and a signing
/// key that is none. Blocks while it looks at the files.
Problems warnings_of(const Layer& merged);

/// Why a key of at least 32 bytes can be guessed, as a clause; "" where that can't be seen.
std::string weakness_of_key(std::span<const std::uint8_t> key);

}  // namespace outboxd::config
