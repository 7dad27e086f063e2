// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

/// Notifications for systemd (`Type=notify`, `WatchdogSec=`). Outside systemd these calls do nothing. A separate
/// thread sends the messages, so no call blocks if the service manager doesn't read; of each kind the newest waits.
namespace outboxd::system::service {

/// Reports that the daemon has started.
void ready();

/// Reports that an orderly stop has begun.
void stopping();

/// Sets the status line of `systemctl status`.
void status(std::string_view text);

/// systemd's watchdog interval, or empty without a watchdog; ping at half of it.
std::optional<std::chrono::microseconds> watchdog_interval();

/// Reports that the event loop still runs.
void ping_watchdog();

}  // namespace outboxd::system::service
