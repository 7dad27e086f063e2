// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/configured.hpp"

#include "daemon/settings/options_from_settings.hpp"
#include "topology/topology.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::daemon {
namespace {

topology::Streams declared_streams(const config::Settings& settings) {
  return topology::configured(settings.topology, settings.streams).value_or(topology::Streams{});
}

}  // namespace

telemetry::Configured configured(const config::Settings& settings) {
  const auto& dispatcher = settings.dispatcher;
  auto bounds = dispatcher.stream_maxlen;
  // A dispatcher's own bound wins.
  for (const auto& [name, stream] : declared_streams(settings)) {
    if (stream.maxlen) bounds.emplace(name, *stream.maxlen);
  }
  return {.batch_rows = dispatcher.batch,
          .max_batch_rows = dispatcher.batch_max,
          .batch_bytes = dispatcher.batch_bytes,
          .rows_per_second = dispatcher.max_rate,
          .lease = dispatcher.lease,
          .poll_interval = dispatcher.poll_interval,
          .retention = dispatcher.retention,
          .max_attempts = dispatcher.max_attempts,
          .maxlen = dispatcher.maxlen,
          .stream_maxlen = std::move(bounds)};
}

std::vector<std::string> known_streams(const config::Settings& settings) {
  auto streams = settings.dispatcher.streams;
  if (streams.empty()) {
    for (const auto& [name, stream] : declared_streams(settings)) {
      if (!stream.dead_letter) streams.push_back(name);
    }
    for (const auto& [name, maxlen] : settings.dispatcher.stream_maxlen) {
      if (std::ranges::find(streams, name) == streams.end()) streams.push_back(name);
    }
  }
  std::erase_if(streams, [&](const std::string& stream) {
    return std::ranges::find(settings.dispatcher.exclude_streams, stream) !=
           settings.dispatcher.exclude_streams.end();
  });
  return streams;
}

}  // namespace outboxd::daemon
