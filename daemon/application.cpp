// SPDX-License-Identifier: Apache-2.0
#include "daemon/application.hpp"

#include "daemon/parts.hpp"
#include "system/service_notify.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <exception>
#include <unistd.h>

namespace outboxd::daemon {

namespace asio = boost::asio;
namespace service = system::service;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// What a server that hangs may take beyond the shutdown time-out, until its rows are left to their lease.
constexpr std::chrono::seconds kGrace{2};

}  // namespace

Application::Application(const config::Settings& settings, RunMode mode)
    : settings_{settings},
      mode_{mode},
      observer_{metrics_, readiness_, settings.dispatcher.name, settings.dispatcher.streams},
      start_alarm_{loop_.get_executor()},
      start_backoff_{settings.dispatcher.probe_min, settings.dispatcher.probe_max},
      store_{row_store_options(settings)},
      publisher_{loop_.get_executor(), publisher_options(settings),
                 [](const std::string& warning) { spdlog::warn("{}", warning); }},
      dispatcher_{loop_.get_executor(), dispatcher_options(settings, mode.once, once_deadline()),
                  dispatch::DispatcherParts{
                      .store = store_,
                      .publisher = publisher_,
                      .clock = clock_,
                      .observer = observer_,
                      .encoder = encoder_for(settings),
                      .random =
                          [this] {
                            return std::uniform_real_distribution<double>{0.0, 1.0}(random_);
                          },
                  }},
      progress_timer_{loop_},
      watchdog_timer_{loop_},
      hard_stop_timer_{loop_} {}

std::optional<dispatch::TimePoint> Application::once_deadline() const {
  if (!mode_.once || !mode_.once_timeout) return std::nullopt;
  return started_ + *mode_.once_timeout;
}

ExitStatus Application::run() {
  signals_ = std::make_unique<system::Signals>(
      loop_.get_executor(), [this](std::string_view signal) { stop(signal); }, [] { spdlog::shutdown(); });
  if (!mode_.once) serve_http();
  const auto rethrow = [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  };
  asio::co_spawn(loop_, main(), rethrow);
  if (mode_.once && ::isatty(STDERR_FILENO) == 1) asio::co_spawn(loop_, show_progress(), rethrow);
  if (service::watchdog_interval()) asio::co_spawn(loop_, feed_watchdog(), rethrow);
  loop_.run();
  return status_;
}

void Application::serve_http() {
  if (settings_.http.listen == "off") return;
  http::Routes routes;
  routes["/metrics"] = {[this] { return http::Page{200, metrics_.render(), http::kMetricsText}; }, true};
  routes["/healthz"] = {[] { return http::Page{200, "ok\n"}; }};
  routes["/readyz"] = {[this] { return http::Page{readiness_.all_ready() ? 200U : 503U, readiness_.report()}; }};
  http::ServerOptions options{.listen = settings_.http.listen, .bearer = settings_.http.bearer};
  server_ = std::make_unique<http::Server>(loop_.get_executor(), std::move(options), std::move(routes));
  spdlog::info("metrics and health on port {} ({})", server_->port(), settings_.http.listen);
}

asio::awaitable<void> Application::main() {
  service::ready();
  const bool fit = co_await table_is_fit();
  if (fit) {
    co_await dispatcher_.run();
    gave_up_because_ = dispatcher_.gave_up_because();
  }
  finish();
}

asio::awaitable<bool> Application::table_is_fit() {
  while (!stopping_) {
    const auto report = co_await store_.inspect();
    if (!report) {
      const bool go_on = co_await wait_for_postgres(report.error().text);
      if (!go_on) co_return false;
      continue;
    }
    for (const auto& problem : report->problems) spdlog::critical("{}", problem);
    if (report->problems.empty()) co_return true;
    gave_up_because_ = "table " + settings_.dispatcher.table + " can't be driven as it is";
    status_ = kCouldNotWork;
    co_return false;
  }
  co_return false;
}

asio::awaitable<bool> Application::wait_for_postgres(std::string reason) {
  observer_.health(dispatch::Health::postgres_unavailable, reason);
  const bool time_is_over = mode_.once && clock_.now() >= once_deadline().value_or(started_);
  if (time_is_over) {
    gave_up_because_ = std::move(reason);
    status_ = kCouldNotWork;
    co_return false;
  }
  const auto delay = start_backoff_.next(std::uniform_real_distribution<double>{0.0, 1.0}(random_));
  co_await clock_.wait(start_alarm_, clock_.now() + delay);
  co_return !stopping_;
}

void Application::stop(std::string_view signal) {
  stopping_ = true;
  spdlog::info("{}: finishing what is in hand, at most {} ms", signal, settings_.dispatcher.shutdown_timeout.count());
  service::stopping();
  end_anyway_after(settings_.dispatcher.shutdown_timeout + kGrace);
  start_alarm_.ring();
  dispatcher_.stop();
}

void Application::end_anyway_after(std::chrono::milliseconds time) {
  hard_stop_timer_.expires_after(time);
  hard_stop_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    spdlog::error(
        "a server did not answer within the shutdown time-out: rows in hand are free when their lease ends");
    log_tally();
    spdlog::shutdown();
    std::_Exit(kIncomplete);
  });
}

void Application::finish() {
  if (!gave_up_because_.empty()) spdlog::error("gave up: {}", gave_up_because_);
  log_tally();
  if (server_) server_->stop();
  signals_->stop();
  progress_timer_.cancel();
  watchdog_timer_.cancel();
  hard_stop_timer_.cancel();
  progress_.clear();
}

void Application::log_tally() const {
  const auto& tally = dispatcher_.tally();
  spdlog::info("ended: claimed {}, published {}, retried {}, dead {}, released {}, leases lost {}, unsettled {}",
               tally.claimed, tally.published, tally.retried, tally.dead, tally.released, tally.leases_lost,
               tally.unsettled);
}

OnceResult Application::once_result() const {
  return {dispatcher_.tally(), dispatcher_.backlog(), gave_up_because_, std::chrono::steady_clock::now() - started_};
}

asio::awaitable<void> Application::show_progress() {
  for (;;) {
    progress_timer_.expires_after(std::chrono::milliseconds{200});
    auto [error] = co_await progress_timer_.async_wait(kAsTuple);
    if (error) co_return;
    progress_.show(progress_line_of(once_result()));
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
