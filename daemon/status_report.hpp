// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/exit_status.hpp"
#include "postgres/backlog.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::daemon {

/// One dispatcher, as `outboxd status` finds it.
struct DispatcherStatus {
  std::string dispatcher;
  std::string table;
  /// Nothing where the table could not be looked at; `problem` says why.
  std::optional<postgres::Overview> overview{};
  std::string problem{};
  /// Of the daemon that serves metrics where this configuration says; nothing where there is none.
  std::optional<std::uint64_t> published_last_minute{};
};

/// 0 if every table could be looked at, 2 if none could, else 1.
[[nodiscard]] ExitStatus exit_status_of(std::span<const DispatcherStatus> statuses);

/// A table for people.
[[nodiscard]] std::string text_of(std::span<const DispatcherStatus> statuses);

/// A JSON object on one line, with the line's end.
[[nodiscard]] std::string json_line_of(const DispatcherStatus& status);

/// The value of a dispatcher's series in Prometheus' text format; nothing where there is none, or it is no number.
[[nodiscard]] std::optional<double> series_value(std::string_view metrics, std::string_view name,
                                                 std::string_view dispatcher);

}  // namespace outboxd::daemon
