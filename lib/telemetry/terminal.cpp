// SPDX-License-Identifier: Apache-2.0
#include "telemetry/terminal.hpp"

#include "telemetry/escape.hpp"

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace outboxd::telemetry {

namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

/// Writes all of it. There is nobody to tell about a failure: standard error is where it would be said.
void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{descriptor, POLLOUT, 0};
      if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

std::size_t columns_of(int descriptor) {
  constexpr std::size_t kUnknown = 80;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
  return size.ws_col;
}

/// The longest beginning of `text` with at most `columns` characters (of UTF-8, taken as one column each).
std::string_view cut(std::string_view text, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80;
    if (starts_character && characters++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Terminal& Terminal::standard_error() {
  // `TERM=dumb` promises a terminal without cursor movement.
  static auto* const instance = [] {
    const char* kind = std::getenv("TERM");
    const bool can_redraw = ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
    return new Terminal(STDERR_FILENO, can_redraw);
  }();
  return *instance;
}

void Terminal::write(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  if (progress_.empty()) {
    write_all(descriptor_, lines);
    return;
  }
  // One write, so that the progress line is never seen missing.
  write_all(descriptor_, std::string(kClearLine).append(lines).append(progress_));
}

void Terminal::show_progress(std::string_view text) {
  if (!shows_progress_) return;
  std::string printable;
  append_printable(printable, text);
  const std::lock_guard lock(mutex_);
  if (printable.empty() && progress_.empty()) return;
  progress_ = cut(printable, columns_of(descriptor_) - 1);
  write_all(descriptor_, std::string(kClearLine).append(progress_));
}

}  // namespace outboxd::telemetry
