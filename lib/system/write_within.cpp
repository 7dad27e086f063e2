// SPDX-License-Identifier: Apache-2.0
#include "system/write_within.hpp"

#include "system/signals_blocked.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <limits.h>
#include <memory>
#include <mutex>
#include <poll.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace outboxd::system {
namespace {

/// Shared with the writing thread, which may block for ever.
struct Work {
  int descriptor;
  std::string text;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t written = 0;
  bool ended = false;
  int error = 0;
};

void report(Work& work, std::size_t written, int error) {
  const std::lock_guard lock(work.mutex);
  work.written += written;
  work.error = error;
  work.ended = error != 0 || work.written == work.text.size();
  work.changed.notify_all();
}

void write_all(Work& work) {
  // In small pieces, so that the progress of a slow reader is visible.
  for (std::size_t at = 0; at < work.text.size();) {
    const auto piece = std::min<std::size_t>(work.text.size() - at, PIPE_BUF);
    const ssize_t written = ::write(work.descriptor, work.text.data() + at, piece);
    if (written >= 0) {
      at += static_cast<std::size_t>(written);
      report(work, static_cast<std::size_t>(written), 0);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{work.descriptor, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      report(work, 0, errno);
      return;
    }
  }
}

}  // namespace

std::string write_within(int descriptor, std::string text, std::chrono::milliseconds patience) {
  if (text.empty()) return {};
  const auto work = std::make_shared<Work>();
  work->descriptor = descriptor;
  work->text = std::move(text);
  try {
    const AllSignalsBlocked blocked;
    std::thread([work] { write_all(*work); }).detach();
  } catch (const std::system_error& error) {
    return error.what();
  }
  std::unique_lock lock(work->mutex);
  for (auto seen = work->written; !work->ended; seen = work->written) {
    const auto moves = [&] { return work->ended || work->written != seen; };
    if (!work->changed.wait_for(lock, patience, moves)) {
      return "its reader took nothing for " + std::to_string(patience.count()) + " ms";
    }
  }
  return work->error == 0 ? std::string{} : std::string{std::strerror(work->error)};
}

}  // namespace outboxd::system
