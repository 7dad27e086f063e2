// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/run_mode.hpp"
#include "dispatch/dispatcher.hpp"
#include "outbox_store/row_store_options.hpp"
#include "redis/publisher.hpp"

#include <cstddef>
#include <string>

namespace outboxd::daemon {

// From the settings to the options of each part: the only place that knows both.

/// Who a dispatcher is in `locked_by`, where there are so many of them in this process. Each is somebody: two on one
/// table would otherwise take each other's leases for their own.
[[nodiscard]] std::string worker_of(const config::Settings& settings, std::size_t dispatchers);

/// `worker`: who the dispatcher is in the table, unlike every other.
[[nodiscard]] outbox_store::RowStoreOptions row_store_options(const config::Settings& settings, std::string worker);
[[nodiscard]] redis::PublisherOptions publisher_options(const config::Settings& settings);
[[nodiscard]] dispatch::DispatcherOptions dispatcher_options(const config::Settings& settings, const RunMode& mode);
[[nodiscard]] entry::Encoder encoder_for(const config::Settings& settings);

}  // namespace outboxd::daemon
