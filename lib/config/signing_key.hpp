// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// The bytes of a hex key of at least 32 bytes; what is wrong is said without quoting the key.
Checked<std::vector<std::uint8_t>> decode_signing_key(std::string_view hex);

/// The same as an option's check.
std::string check_signing_key(const Value& value);

}  // namespace outboxd::config
