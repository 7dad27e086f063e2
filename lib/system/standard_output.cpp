// SPDX-License-Identifier: Apache-2.0
#include "system/standard_output.hpp"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace outboxd::system {

StandardOutput::StandardOutput() : before_{std::cout.rdbuf(this)} {
  setp(waiting_.data(), waiting_.data() + waiting_.size());
}

StandardOutput::~StandardOutput() {
  write_all();
  std::cout.rdbuf(before_);
}

std::string StandardOutput::why_lost() {
  write_all();
  // Some file systems report a full disk only when the file is closed. A duplicate is closed, so that standard output
  // stays open.
  const bool closed = !printed_ || error_ != 0 || ::close(::dup(STDOUT_FILENO)) == 0;
  if (!closed) error_ = errno;
  return error_ == 0 ? std::string{} : std::string{std::strerror(error_)};
}

StandardOutput::int_type StandardOutput::overflow(int_type character) {
  if (!write_all()) return traits_type::eof();
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  return sputc(traits_type::to_char_type(character));
}

int StandardOutput::sync() {
  return write_all() ? 0 : -1;
}

bool StandardOutput::write_all() {
  const char* at = pbase();
  while (at != pptr() && error_ == 0) {
    printed_ = true;
    const ssize_t written = ::write(STDOUT_FILENO, at, static_cast<std::size_t>(pptr() - at));
    if (written >= 0) {
      at += written;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  // Output that could not be written is dropped, not retried.
  setp(waiting_.data(), waiting_.data() + waiting_.size());
  return error_ == 0;
}

}  // namespace outboxd::system
