// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/services.hpp"

#include "daemon/settings/options_from_settings.hpp"

#include <boost/asio/co_spawn.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace outboxd::daemon {
namespace {

/// Only where there is a page of metrics.
bool are_streams_watched(const std::vector<config::Settings>& dispatchers, const RunMode& mode) {
  if (dispatchers.empty() || mode.once) return false;
  const auto& first = dispatchers.front();
  return first.http.listen != "off" && first.metrics.streams_interval.count() > 0;
}

}  // namespace

Services::Services(const std::vector<config::Settings>& dispatchers, const RunMode& mode,
                   boost::asio::io_context& loop, std::function<void()> could_not_connect)
    : loop_{loop},
      signing_{metrics_, dispatchers.front()},
      streams_{loop.get_executor(), dispatchers, are_streams_watched(dispatchers, mode), metrics_} {
  const auto shared = shared_services(std::move(could_not_connect));
  for (const auto& settings : dispatchers) {
    all_.push_back(
        std::make_unique<DispatcherService>(settings, worker_of(settings, dispatchers.size()), mode, shared));
  }
}

SharedServices Services::shared_services(std::function<void()> could_not_connect) {
  return {.loop = loop_.get_executor(),
          .metrics = metrics_,
          .readiness = readiness_,
          .streams = streams_,
          .random =
              [this] {
                return std::uniform_real_distribution<double>{0.0, 1.0}(random_);
              },
          .warn_of_server =
              [this](const std::string& warning) {
                if (warned_of_.insert(warning).second) spdlog::warn("{}", warning);
              },
          .could_not_connect = std::move(could_not_connect)};
}

void Services::start(const std::function<void()>& ended) {
  working_ = all_.size();
  for (const auto& service : all_) {
    boost::asio::co_spawn(loop_, service->run(), [this, ended](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
      if (--working_ > 0) return;
      streams_.stop();
      ended();
    });
  }
  streams_.start();
}

void Services::stop() {
  streams_.stop();
  for (const auto& service : all_) service->stop();
}

void Services::tick() {
  for (const auto& service : all_) service->tick();
}

void Services::look_again() {
  for (const auto& service : all_) service->look_again();
  streams_.look_again();
}

void Services::log_tallies_if_unfinished() const {
  for (const auto& service : all_) service->log_tally_if_unfinished();
}

void Services::use(const std::vector<config::Settings>& dispatchers) {
  signing_.set(dispatchers.front());
  for (std::size_t i = 0; i < all_.size(); ++i) all_[i]->use(dispatchers[i]);
  streams_.use(dispatchers);
}

std::vector<OnceResult> Services::results() const {
  std::vector<OnceResult> results;
  results.reserve(all_.size());
  for (const auto& service : all_) results.push_back(service->result());
  return results;
}

}  // namespace outboxd::daemon
