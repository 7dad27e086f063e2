// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/daemon_state.hpp"

#include <optional>
#include <string>

namespace outboxd::daemon {

/// What the daemon says that serves `http.listen`.
struct DaemonAnswer {
  /// http.listen.
  std::string address{};
  /// Whether there is an address to ask at.
  bool asked = true;
  /// Why there is no answer; empty where there is one.
  std::string why_none{};
  DaemonState state{};
  /// The text of /metrics; nothing where it can't be had, and why.
  std::optional<std::string> metrics{};
  std::string why_no_metrics{};

  [[nodiscard]] bool answers() const { return asked && why_none.empty(); }
};

/// Asks for /readyz, which needs no token, and, where a daemon of ours answers, for /metrics with the token. Blocks
/// for two seconds at most, and as long as resolving a name takes.
[[nodiscard]] DaemonAnswer ask_daemon(const config::HttpSettings& http);

}  // namespace outboxd::daemon
