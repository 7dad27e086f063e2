// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/service/run_mode.hpp"
#include "dispatch/dispatcher.hpp"
#include "outbox_store/row_store_options.hpp"
#include "redis/publisher.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace outboxd::daemon {

// Converts the settings to the options of each library.

/// The dispatcher's worker id, which is written to `locked_by`. If the process has several dispatchers, each gets an
/// id of its own: otherwise two on one table would take each other's leases for their own.
[[nodiscard]] std::string worker_of(const config::Settings& settings, std::size_t dispatchers);

/// `worker`: the worker id, different from that of every other dispatcher.
[[nodiscard]] outbox_store::RowStoreOptions row_store_options(const config::Settings& settings, std::string worker);
/// The bounds of single streams: those of the dispatcher, and for other streams those of the configured topology.
[[nodiscard]] std::map<std::string, std::uint64_t> stream_bounds(const config::Settings& settings);
[[nodiscard]] redis::Endpoint redis_endpoint(const config::Settings& settings);
[[nodiscard]] redis::PublisherOptions publisher_options(const config::Settings& settings);
[[nodiscard]] dispatch::DispatcherOptions dispatcher_options(const config::Settings& settings, const RunMode& mode);
[[nodiscard]] entry::Encoder encoder_for(const config::Settings& settings);

}  // namespace outboxd::daemon
