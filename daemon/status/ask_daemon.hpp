// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/service/daemon_state.hpp"

#include <optional>
#include <string>

namespace outboxd::daemon {

/// The answers of the daemon at `http.listen`.
struct DaemonAnswer {
  /// http.listen.
  std::string address{};
  /// Whether the daemon was asked; false if `http.listen` is off or has port 0.
  bool asked = true;
  /// Why there is no answer; empty if there is one.
  std::string why_none{};
  DaemonState state{};
  /// The text of /metrics; if it is empty, `why_no_metrics` has the reason.
  std::optional<std::string> metrics{};
  std::string why_no_metrics{};

  [[nodiscard]] bool answers() const { return asked && why_none.empty(); }
};

/// Fetches /readyz, which needs no token. If an outboxd daemon answers, fetches /metrics with the token. Blocks for
/// at most two seconds, and as long as resolving a host name takes.
[[nodiscard]] DaemonAnswer ask_daemon(const config::HttpSettings& http);

}  // namespace outboxd::daemon
