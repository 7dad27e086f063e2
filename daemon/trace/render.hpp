// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/trace/facts.hpp"

#include <cstddef>
#include <string>

namespace outboxd::daemon::trace {

// The story as it is printed. Texts of rows and servers are cut, and have no control characters. Pure.

/// Lines of at most `width` columns, where words allow; 0: of any width.
[[nodiscard]] std::string text_of(const Facts& facts, std::size_t width);

/// One line; the names of its fields are documented in deploy/JSON.md.
[[nodiscard]] std::string json_of(const Facts& facts);

}  // namespace outboxd::daemon::trace
