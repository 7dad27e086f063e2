// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/services.hpp"

#include "daemon/settings/options_from_settings.hpp"

#include <boost/asio/co_spawn.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace outboxd::daemon {

Services::Services(const std::vector<config::Settings>& dispatchers, const RunMode& mode,
                   boost::asio::io_context& loop, std::function<void()> could_not_connect)
    : loop_{loop}, signing_{metrics_, dispatchers.front()} {
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
      if (--working_ == 0) ended();
    });
  }
}

void Services::stop() {
  for (const auto& service : all_) service->stop();
}

void Services::tick() {
  for (const auto& service : all_) service->tick();
}

void Services::look_again() {
  for (const auto& service : all_) service->look_again();
}

void Services::log_tallies_if_unfinished() const {
  for (const auto& service : all_) service->log_tally_if_unfinished();
}

void Services::use(const std::vector<config::Settings>& dispatchers) {
  signing_.set(dispatchers.front());
  for (std::size_t i = 0; i < all_.size(); ++i) all_[i]->use(dispatchers[i]);
}

std::vector<OnceResult> Services::results() const {
  std::vector<OnceResult> results;
  results.reserve(all_.size());
  for (const auto& service : all_) results.push_back(service->result());
  return results;
}

}  // namespace outboxd::daemon
