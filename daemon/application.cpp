// SPDX-License-Identifier: Apache-2.0
#include "daemon/application.hpp"

#include "daemon/parts.hpp"
#include "system/service_notify.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

namespace outboxd::daemon {

namespace asio = boost::asio;
namespace service = system::service;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// What a server that hangs may take beyond the shutdown time-out, until its rows are left to their lease.
constexpr std::chrono::seconds kGrace{2};

void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

std::chrono::milliseconds longest_shutdown(const std::vector<config::Settings>& dispatchers) {
  std::chrono::milliseconds longest{0};
  for (const auto& settings : dispatchers) longest = std::max(longest, settings.dispatcher.shutdown_timeout);
  return longest;
}

}  // namespace

Application::Application(const config::Loaded& loaded, const RunMode& mode)
    : loaded_{loaded},
      mode_{mode},
      progress_timer_{loop_},
      watchdog_timer_{loop_},
      hard_stop_timer_{loop_},
      unsigned_notice_{metrics_, readiness_, loaded.settings.signing_key.empty()},
      pulse_{loop_.get_executor(), [this] {
               unsigned_notice_.beat();
               for (const auto& lane : lanes_) lane->beat();
             }} {
  for (const auto& settings : loaded.dispatchers) {
    lanes_.push_back(
        std::make_unique<Lane>(settings, worker_of(settings, loaded.dispatchers.size()), mode_, surroundings()));
  }
}

Surroundings Application::surroundings() {
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
          .table_is_unfit = [this] { give_up_if_no_table_is_fit(); }};
}

ExitStatus Application::run() {
  signals_ = std::make_unique<system::Signals>(
      loop_.get_executor(), [this](std::string_view signal) { stop(signal); }, [] { telemetry::log::flush(); });
  if (!mode_.once) serve_http();
  service::ready();
  working_lanes_ = lanes_.size();
  for (const auto& lane : lanes_) {
    asio::co_spawn(loop_, lane->run(), [this](const std::exception_ptr& error) { lane_ended(error); });
  }
  if (mode_.once && ::isatty(STDERR_FILENO) == 1) asio::co_spawn(loop_, show_progress(), rethrow);
  if (service::watchdog_interval()) asio::co_spawn(loop_, feed_watchdog(), rethrow);
  loop_.run();
  return status_;
}

void Application::serve_http() {
  const auto& settings = loaded_.settings.http;
  if (settings.listen == "off") return;
  server_ = std::make_unique<HttpEndpoint>(loop_.get_executor(), settings, lanes_.size(), metrics_, readiness_);
}

void Application::stop(std::string_view signal) {
  const auto longest = longest_shutdown(loaded_.dispatchers);
  spdlog::info("{}: finishing what is in hand, at most {} ms", signal, longest.count());
  service::stopping();
  end_anyway_after(longest + kGrace);
  for (const auto& lane : lanes_) lane->stop();
}

void Application::end_anyway_after(std::chrono::milliseconds time) {
  hard_stop_timer_.expires_after(time);
  hard_stop_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    spdlog::error(
        "a server did not answer within the shutdown time-out: rows in hand are free when their lease ends");
    for (const auto& lane : lanes_) lane->log_tally_if_unfinished();
    telemetry::log::flush();
    std::_Exit(kIncomplete);
  });
}

// While one of them works, or may when its server comes, the others wait; with none there is nothing to stay for.
void Application::give_up_if_no_table_is_fit() {
  if (!std::ranges::all_of(lanes_, [](const auto& lane) { return lane->has_unfit_table(); })) return;
  status_ = kCouldNotWork;
  for (const auto& lane : lanes_) lane->give_up_on_table();
}

void Application::lane_ended(const std::exception_ptr& error) {
  rethrow(error);
  if (--working_lanes_ == 0) finish();
}

void Application::finish() {
  if (server_) server_->stop();
  signals_->stop();
  pulse_.stop();
  progress_timer_.cancel();
  watchdog_timer_.cancel();
  hard_stop_timer_.cancel();
  progress_.clear();
}

std::vector<OnceResult> Application::once_results() const {
  std::vector<OnceResult> results;
  results.reserve(lanes_.size());
  for (const auto& lane : lanes_) results.push_back(lane->result());
  return results;
}

asio::awaitable<void> Application::show_progress() {
  for (;;) {
    progress_timer_.expires_after(std::chrono::milliseconds{200});
    auto [error] = co_await progress_timer_.async_wait(kAsTuple);
    if (error) co_return;
    progress_.show(progress_line_of(once_results()));
  }
}

asio::awaitable<void> Application::feed_watchdog() {
  for (;;) {
    service::ping_watchdog();
    watchdog_timer_.expires_after(*service::watchdog_interval() / 2);
    auto [error] = co_await watchdog_timer_.async_wait(kAsTuple);
    if (error) co_return;
  }
}

}  // namespace outboxd::daemon
