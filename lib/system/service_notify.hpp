// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

/// What a service tells systemd (`Type=notify`, `WatchdogSec=`). Outside systemd all of it does nothing.
/// Each call is one datagram, sent from a thread of its own: none blocks, whether or not the service manager reads.
namespace outboxd::system::service {

/// The daemon is up.
void ready();

/// An orderly stop has begun.
void stopping();

/// One line for `systemctl status`.
void status(std::string_view text);

/// How long systemd waits for a sign of life, or empty where it doesn't ask for one; ping at half of it.
std::optional<std::chrono::microseconds> watchdog_interval();

/// The event loop still turns.
void ping_watchdog();

}  // namespace outboxd::system::service
