// SPDX-License-Identifier: Apache-2.0
#include "system/service_notify.hpp"

#include "system/signals_blocked.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace outboxd::system::service {

namespace {

/// Sends from a thread of its own, as sending blocks while the service manager doesn't read. At most one message of
/// each kind is queued: the newest.
class Notifier {
 public:
  /// Never destroyed: its thread may be waiting for the service manager when the process ends.
  static Notifier& instance() {
    static auto* const notifier = new Notifier;
    return *notifier;
  }

  void send(std::string state) {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](const std::string& other) { return kind_of(other) == kind_of(state); });
    waiting_.push_back(std::move(state));
    start();
    changed_.notify_one();
  }

 private:
  static std::string_view kind_of(std::string_view state) { return state.substr(0, state.find('=')); }

  void start() {
    if (started_) return;
    try {
      const AllSignalsBlocked blocked;
      std::thread([this] { work(); }).detach();
      started_ = true;
    } catch (const std::system_error&) {
      // The next call retries.
    }
  }

  [[noreturn]] void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      const auto state = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      lock.unlock();
      // The daemon works without the service manager, so a failure to notify it is ignored.
      static_cast<void>(sd_notify(0, state.c_str()));
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> waiting_;
  bool started_ = false;
};

void notify(std::string state) {
  if (std::getenv("NOTIFY_SOCKET") != nullptr) Notifier::instance().send(std::move(state));
}

}  // namespace

void ready() {
  notify("READY=1");
}

void stopping() {
  notify("STOPPING=1");
}

void status(std::string_view text) {
  std::string state = "STATUS=";
  // A newline would begin another assignment of the protocol.
  for (const char c : text) state.push_back(c == '\n' || c == '\r' || c == '\0' ? ' ' : c);
  notify(std::move(state));
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

void ping_watchdog() {
  notify("WATCHDOG=1");
}

}  // namespace outboxd::system::service
