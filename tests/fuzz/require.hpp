// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace outboxd::fuzz {

/// Ends the process with a message when a property does not hold; libFuzzer then keeps the input.
inline void require(bool holds, std::string_view property, std::string_view details = {}) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %.*s\n", static_cast<int>(property.size()), property.data());
  if (!details.empty()) std::fprintf(stderr, "%.*s\n", static_cast<int>(details.size()), details.data());
  std::abort();
}

}  // namespace outboxd::fuzz
