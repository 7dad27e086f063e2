// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace outboxd::daemon {

/// The columns of the terminal to which standard output goes; 0: it goes to a file or a pipe.
[[nodiscard]] std::size_t terminal_width();

/// Clears the terminal to which standard output goes, so that what follows stands in the place of what preceded it.
void clear_terminal();

}  // namespace outboxd::daemon
