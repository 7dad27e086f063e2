// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/terminal_output.hpp"

#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace outboxd::daemon {

std::size_t terminal_width() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void clear_terminal() {
  if (::isatty(STDOUT_FILENO) == 1) std::cout << "\x1b[H\x1b[2J";
}

}  // namespace outboxd::daemon
