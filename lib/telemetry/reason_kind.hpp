// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// The common form of reasons that differ only in their numbers (sizes, ports, times, ids): each run of digits
/// becomes "#".
[[nodiscard]] inline std::string kind_of(std::string_view reason) {
  std::string kind;
  kind.reserve(reason.size());
  bool in_number = false;
  for (const char c : reason) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit) kind += c;
    if (is_digit && !in_number) kind += '#';
    in_number = is_digit;
  }
  return kind;
}

}  // namespace outboxd::telemetry
