// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings/options_from_settings.hpp"

#include "daemon/settings/table_shape_of.hpp"
#include "postgres/conninfo.hpp"
#include "system/identity.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::daemon {
namespace {

/// A write to Redis must end before the lease (so its time-out is at most half of the lease), and before the shutdown
/// time-out.
std::chrono::milliseconds write_timeout(const config::Settings& settings) {
  return std::min({settings.redis.timeout, settings.dispatcher.lease / 2, settings.dispatcher.shutdown_timeout});
}

/// CONTRACT.md, section 2.
entry::Nulls nulls_of(const config::DispatcherSettings& dispatcher) {
  return dispatcher.layout == "caracal_outbox" ? entry::Nulls::as_text : entry::Nulls::left_out;
}

postgres::Pooler pooler_of(config::Pooler pooler) {
  switch (pooler) {
    case config::Pooler::automatic:
      return postgres::Pooler::autodetect;
    case config::Pooler::transaction:
      return postgres::Pooler::transaction;
    case config::Pooler::none:
      return postgres::Pooler::none;
  }
  return postgres::Pooler::autodetect;
}

/// The streams that the settings name.
std::vector<std::string> known_streams(const config::Settings& settings) {
  const auto& dispatcher = settings.dispatcher;
  if (!dispatcher.streams.empty()) return dispatcher.streams;
  std::vector<std::string> streams;
  for (const auto& [stream, maxlen] : stream_bounds(settings)) {
    if (std::ranges::find(dispatcher.exclude_streams, stream) == dispatcher.exclude_streams.end()) {
      streams.push_back(stream);
    }
  }
  return streams;
}

}  // namespace

std::string worker_of(const config::Settings& settings, std::size_t dispatchers) {
  const auto process = system::worker_id();
  return dispatchers == 1 ? process : process + ":" + settings.dispatcher.name;
}

outbox_store::RowStoreOptions row_store_options(const config::Settings& settings, std::string worker) {
  const auto& postgres = settings.postgres;
  const auto& dispatcher = settings.dispatcher;
  return {
      .session = {.conninfo =
                      postgres::complete_conninfo(postgres.url, postgres.connect_timeout, postgres.statement_timeout),
                  .statement_timeout = postgres.statement_timeout,
                  .pooler = pooler_of(postgres.pooler)},
      .table = dispatcher.table,
      .shape = table_shape_of(dispatcher),
      .terms = {.streams = dispatcher.streams,
                .exclude_streams = dispatcher.exclude_streams,
                .producer = dispatcher.producer,
                .worker = std::move(worker),
                .lease = dispatcher.lease,
                .max_payload_bytes = dispatcher.max_payload_bytes,
                .max_attempts = dispatcher.max_attempts,
                .batch_bytes = dispatcher.batch_bytes},
      .poll_interval = dispatcher.poll_interval,
      .retention = dispatcher.retention,
  };
}

std::map<std::string, std::uint64_t> stream_bounds(const config::Settings& settings) {
  auto bounds = settings.dispatcher.stream_maxlen;
  const auto streams = topology::configured(settings.topology, settings.streams).value_or(topology::Streams{});
  for (const auto& [name, stream] : streams) {
    if (stream.maxlen) bounds.emplace(name, *stream.maxlen);
  }
  return bounds;
}

redis::Endpoint redis_endpoint(const config::Settings& settings) {
  const auto& endpoint = settings.redis.endpoint;
  return {.host = endpoint.host,
          .port = endpoint.port,
          .unix_path = endpoint.unix_path,
          .username = endpoint.username,
          .password = endpoint.password,
          .database = endpoint.database,
          .shown = endpoint.shown()};
}

redis::PublisherOptions publisher_options(const config::Settings& settings) {
  const auto& dispatcher = settings.dispatcher;
  return {
      .endpoint = redis_endpoint(settings),
      .connect_timeout = settings.redis.connect_timeout,
      .timeout = write_timeout(settings),
      .bounds = {.usual = {.maxlen = dispatcher.maxlen, .exact = dispatcher.exact_trim},
                 .maxlen = stream_bounds(settings),
                 .exact = dispatcher.stream_exact_trim},
      .streams = known_streams(settings),
  };
}

dispatch::DispatcherOptions dispatcher_options(const config::Settings& settings, const RunMode& mode) {
  const auto& dispatcher = settings.dispatcher;
  return {
      .batch_rows = dispatcher.batch,
      .most_batch_rows = dispatcher.batch_max,
      .max_rows_per_second = dispatcher.max_rate,
      .poll_interval = dispatcher.poll_interval,
      .lease_reserve = write_timeout(settings),
      .shutdown_timeout = dispatcher.shutdown_timeout,
      .backoff_min = dispatcher.probe_min,
      .backoff_max = dispatcher.probe_max,
      // With --once the sample feeds the progress line; otherwise scrapes, which come every ten seconds or less
      // often.
      .sample_interval = mode.once ? std::chrono::seconds{1} : std::chrono::seconds{5},
      .retry = {.profile = settings.profile, .max_attempts = dispatcher.max_attempts},
      .once = mode.once,
      .once_deadline = mode.once_deadline(),
  };
}

entry::Encoder encoder_for(const config::Settings& settings) {
  return {{.nulls = nulls_of(settings.dispatcher),
           .max_payload_bytes = settings.dispatcher.max_payload_bytes,
           .ambiguous = settings.ambiguous_is_dead ? entry::Ambiguous::refused : entry::Ambiguous::published,
           .strict_clock = settings.strict_signatures ? &std::chrono::system_clock::now : nullptr},
          settings.signing_key};
}

}  // namespace outboxd::daemon
