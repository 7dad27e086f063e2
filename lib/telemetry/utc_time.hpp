// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::telemetry {

/// "2026-01-31T12:00:00Z".
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point time);

/// The time that a text of this form names; nothing for any other text.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> utc_time(const std::string& text);

}  // namespace outboxd::telemetry
