// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace outboxd::config {

/// A whole decimal number, with or without a leading '-'.
Checked<std::int64_t> parse_integer(std::string_view text);

/// "250ms", "30s", "1.5s", "5m", "1h", in milliseconds. A number without a unit is refused.
Checked<std::int64_t> parse_duration(std::string_view text);

/// "16MiB", "64KiB", "1MB", or plain bytes, in bytes.
Checked<std::int64_t> parse_size(std::string_view text);

/// In the largest unit that keeps it whole: 30000 is "30s", 1500 is "1500ms".
std::string show_duration(std::int64_t milliseconds);
std::string show_size(std::int64_t bytes);

}  // namespace outboxd::config
