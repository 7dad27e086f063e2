// SPDX-License-Identifier: Apache-2.0
#include "system/service_notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <string>

namespace outboxd::system::service {

namespace {

// A failure to notify is no reason to fail, and the service manager is the only one who could be told.
void notify(const char* state) {
  static_cast<void>(sd_notify(0, state));
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
  notify(state.c_str());
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
