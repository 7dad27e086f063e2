// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/streams_watch.hpp"

#include "daemon/settings/options_from_settings.hpp"
#include "daemon/settings/streams_from_settings.hpp"

#include <boost/asio/co_spawn.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace outboxd::daemon {
namespace {

stream_metrics::Watched watched_of(const std::vector<config::Settings>& dispatchers,
                                   const PublishedStreams& published) {
  return stream_metrics::watched(streams_in_use(dispatchers, published.names()));
}

}  // namespace

void PublishedStreams::published(std::string_view stream, std::size_t /*rows*/) {
  // More are not counted, as the names come from rows.
  constexpr std::size_t kMost = 400;
  if (names_.contains(stream) || names_.size() == kMost) return;
  in_order_.emplace_back(stream);
  names_.emplace(stream);
}

StreamsWatch::StreamsWatch(boost::asio::any_io_executor loop, const std::vector<config::Settings>& dispatchers,
                           bool is_on, telemetry::Metrics& metrics)
    : loop_{std::move(loop)} {
  if (!is_on) return;
  for (const auto& settings : dispatchers) {
    auto* server = server_of(settings);
    if (server == nullptr) {
      server = servers_.emplace_back(std::make_unique<Server>()).get();
      server->shown = settings.redis.endpoint.shown();
    }
    server->dispatchers.push_back(settings);
  }
  for (const auto& server : servers_) server->sampler = sampler_of(*server);
  metrics.append([this]() -> const std::string& { return page_.text(); });
}

std::unique_ptr<stream_metrics::Sampler> StreamsWatch::sampler_of(Server& server) {
  const auto& first = server.dispatchers.front();
  stream_metrics::SamplerOptions options{
      .endpoint = redis_endpoint(first),
      .interval = first.metrics.streams_interval,
      .connect_timeout = first.redis.connect_timeout,
      .timeout = first.redis.connect_timeout + first.redis.timeout,
      .before_sample = [&server] { add_found(server); },
      .failing = [this, name = server.shown](const std::string& reason) { log(name, reason); },
  };
  for (const auto& settings : server.dispatchers) options.dispatchers.push_back(settings.dispatcher.name);
  return std::make_unique<stream_metrics::Sampler>(loop_, std::move(options),
                                                   watched_of(server.dispatchers, server.published), page_);
}

void StreamsWatch::add_found(Server& server) {
  const auto found = server.published.names().size();
  if (std::exchange(server.known, found) != found) {
    server.sampler->use(watched_of(server.dispatchers, server.published));
  }
}

StreamsWatch::Server* StreamsWatch::server_of(const config::Settings& settings) {
  const auto shown = settings.redis.endpoint.shown();
  for (const auto& server : servers_) {
    if (server->shown == shown) return server.get();
  }
  return nullptr;
}

dispatch::Observer& StreamsWatch::observer_of(const config::Settings& settings) {
  auto* const server = server_of(settings);
  if (server == nullptr) return nothing_;
  return server->published;
}

void StreamsWatch::start() {
  for (const auto& server : servers_) {
    boost::asio::co_spawn(loop_, server->sampler->run(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }
}

void StreamsWatch::stop() {
  for (const auto& server : servers_) server->sampler->stop();
}

void StreamsWatch::look_again() {
  for (const auto& server : servers_) server->sampler->ask_again();
}

void StreamsWatch::use(const std::vector<config::Settings>& dispatchers) {
  for (const auto& server : servers_) server->dispatchers.clear();
  for (const auto& settings : dispatchers) {
    if (auto* const server = server_of(settings)) server->dispatchers.push_back(settings);
  }
  for (const auto& server : servers_) {
    if (server->dispatchers.empty()) continue;
    const auto& login = server->dispatchers.front().redis.endpoint;
    server->sampler->use_login(login.username, login.password);
    server->sampler->use(watched_of(server->dispatchers, server->published));
  }
}

void StreamsWatch::log(const std::string& server, const std::string& reason) {
  if (reason.empty()) {
    if (logged_.erase(server) > 0) spdlog::info("metrics of the streams at Redis {}: sampled again", server);
  } else if (hourly_.admit(server)) {
    logged_.insert(server);
    spdlog::warn(
        "metrics of the streams at Redis {}: no sample, and so none is shown once the last one is too old: {}",
        server, reason);
  }
}

}  // namespace outboxd::daemon
