// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "dispatch/dispatcher.hpp"
#include "postgres/row_store.hpp"
#include "redis/publisher.hpp"

#include <chrono>
#include <optional>

namespace outboxd::daemon {

// From the settings to the options of each part: the only place that knows both.

[[nodiscard]] postgres::RowStoreOptions row_store_options(const config::Settings& settings);
[[nodiscard]] redis::PublisherOptions publisher_options(const config::Settings& settings);
[[nodiscard]] dispatch::DispatcherOptions dispatcher_options(const config::Settings& settings, bool once,
                                                             std::optional<dispatch::TimePoint> once_deadline);
[[nodiscard]] entry::Encoder encoder_for(const config::Settings& settings);

}  // namespace outboxd::daemon
