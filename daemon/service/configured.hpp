// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "telemetry/dispatcher/configured_metrics.hpp"

#include <string>
#include <vector>

namespace outboxd::daemon {

/// The settings that a dispatcher's metrics show.
[[nodiscard]] telemetry::Configured configured(const config::Settings& settings);

/// The streams that a dispatcher is known to publish to: those that it names, or else the declared ones, without
/// those that it excludes. Their series exist from the start.
[[nodiscard]] std::vector<std::string> known_streams(const config::Settings& settings);

}  // namespace outboxd::daemon
