// SPDX-License-Identifier: Apache-2.0
#include "daemon/application.hpp"

#include "daemon/parts.hpp"
#include "system/service_notify.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>
#include <utility>

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

void warn_of_new(const config::Problems& known, const config::Problems& now) {
  for (const auto& warning : now) {
    const auto is_same = [&warning](const auto& other) { return other.shown() == warning.shown(); };
    if (std::ranges::none_of(known, is_same)) spdlog::warn("{}", warning.shown());
  }
}

}  // namespace

Application::Application(config::Loaded loaded, const RunMode& mode, std::function<config::Loaded()> read_again)
    : loaded_{std::move(loaded)},
      mode_{mode},
      progress_timer_{loop_},
      watchdog_timer_{loop_},
      hard_stop_timer_{loop_},
      unsigned_notice_{metrics_, readiness_, loaded_.settings.signing_key.empty()},
      pulse_{loop_.get_executor(),
             [this] {
               unsigned_notice_.beat();
               for (const auto& service : services_) service->beat();
             }},
      reload_{loop_.get_executor(), std::move(read_again),
              [this](Wanted wanted, const config::Loaded& now) { take_over(wanted, now); }} {
  for (const auto& settings : loaded_.dispatchers) {
    services_.push_back(std::make_unique<DispatcherService>(settings, worker_of(settings, loaded_.dispatchers.size()),
                                                            mode_, surroundings()));
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
          .could_not_connect = [this] { could_not_connect(); }};
}

void Application::run() {
  system::SignalHandlers handlers{.on_first = [this](std::string_view signal) { stop(signal); },
                                  .before_exit = [] { telemetry::log::flush(); }};
  // What publishes once ends with the terminal that it was started from.
  if (!mode_.once) handlers.on_hangup = [this] { hang_up(); };
  signals_ = std::make_unique<system::Signals>(loop_.get_executor(), std::move(handlers));
  if (!mode_.once) serve_http();
  service::ready();
  working_lanes_ = services_.size();
  for (const auto& service : services_) {
    asio::co_spawn(loop_, service->run(), [this](const std::exception_ptr& error) { service_ended(error); });
  }
  if (mode_.once && ::isatty(STDERR_FILENO) == 1) asio::co_spawn(loop_, show_progress(), rethrow);
  if (service::watchdog_interval()) asio::co_spawn(loop_, feed_watchdog(), rethrow);
  loop_.run();
}

void Application::serve_http() {
  const auto& settings = loaded_.settings.http;
  if (settings.listen == "off") return;
  server_ = std::make_unique<HttpEndpoint>(loop_.get_executor(), settings, services_.size(), metrics_, readiness_);
  server_->listen();
}

void Application::stop(std::string_view signal) {
  stopping_ = true;
  const auto longest = longest_shutdown(loaded_.dispatchers);
  spdlog::info("{}: finishing what is in hand, at most {} ms", signal, longest.count());
  service::stopping();
  end_anyway_after(longest + kGrace);
  for (const auto& service : services_) service->stop();
}

void Application::end_anyway_after(std::chrono::milliseconds time) {
  hard_stop_timer_.expires_after(time);
  hard_stop_timer_.async_wait([this](boost::system::error_code error) {
    if (error || (has_finished() && !reload_.reads())) return;
    spdlog::error(
        has_finished()
            ? "the configuration or a secret's file, which was to be read again, could not be within the time-out"
            : "a server did not answer within the shutdown time-out: rows in hand are free when their lease ends");
    for (const auto& service : services_) service->log_tally_if_unfinished();
    telemetry::log::flush();
    std::_Exit(kIncomplete);
  });
}

void Application::hang_up() {
  if (stopping_) return;
  if (log_file_.was_moved()) {
    telemetry::log::flush();
    const auto why_not = log_file_.reopen();
    if (why_not.empty()) {
      spdlog::info("SIGHUP: the log goes on in a new file, {}", log_file_.path());
    } else {
      spdlog::warn("SIGHUP: the log's file {} can't be opened again ({}): lines still go to the one that was moved",
                   log_file_.path(), why_not);
    }
  }
  spdlog::info("SIGHUP: reading the configuration and the secrets' files again");
  reload_.ask(Wanted::all);
  // An operator who has just mended something need not wait to see it.
  for (const auto& service : services_) service->look_again();
}

void Application::could_not_connect() {
  asio::post(loop_, [this] {
    if (!stopping_) reload_.ask(Wanted::logins);
  });
}

void Application::take_over(Wanted wanted, const config::Loaded& now) {
  if (has_finished()) hard_stop_timer_.cancel();
  if (stopping_ || has_finished()) return;
  const bool all = wanted == Wanted::all;
  if (!now.problems.empty()) {
    if (!all && !lines_of_bad_reloads_.admit("")) return;
    for (const auto& problem : now.problems) spdlog::error("{}", problem.shown());
    spdlog::error("the configuration can't be used as it is now: everything goes on as it was before");
    return;
  }
  const auto logged_as = std::pair{loaded_.settings.log_level, loaded_.settings.log_json};
  const auto changes = daemon::take_over(loaded_, now, wanted);
  const std::string because = all ? "SIGHUP" : "a server could not be connected to";
  if (!changes.taken_over.empty()) {
    const auto& of_process = loaded_.settings;
    if (logged_as != std::pair{of_process.log_level, of_process.log_json}) {
      using telemetry::log::Format;
      telemetry::log::set_up(of_process.log_level, of_process.log_json ? Format::json : Format::text);
    }
    for (std::size_t i = 0; i < services_.size(); ++i) services_[i]->use(loaded_.dispatchers[i]);
    unsigned_notice_.set(of_process.signing_key.empty());
    if (server_) server_->use_bearer(of_process.http.bearer);
  }
  if (all) {
    warn_of_new(loaded_.warnings, now.warnings);
    loaded_.warnings = now.warnings;
  }
  for (const auto& what : changes.taken_over) {
    spdlog::info("{}: {} has changed and is used from now on (a login: by the next connection)", because, what);
  }
  // A dispatcher that fails to connect asks again and again.
  if (!all && !changes.need_restart.empty() && !lines_of_bad_reloads_.admit("")) return;
  for (const auto& what : changes.need_restart) {
    spdlog::warn("{}: {} has changed, and takes a restart to be used", because, what);
  }
  if (all && changes.taken_over.empty() && changes.need_restart.empty()) {
    spdlog::info("{}: nothing has changed in the configuration", because);
  }
}

void Application::service_ended(const std::exception_ptr& error) {
  rethrow(error);
  if (--working_lanes_ == 0) finish();
}

void Application::finish() {
  if (server_) server_->stop();
  signals_->stop();
  pulse_.stop();
  progress_timer_.cancel();
  watchdog_timer_.cancel();
  progress_.clear();
  // A file that is being read just now keeps the loop, and may do so for good.
  if (!reload_.reads()) {
    hard_stop_timer_.cancel();
  } else if (!stopping_) {
    end_anyway_after(kGrace);
  }
}

std::vector<OnceResult> Application::once_results() const {
  std::vector<OnceResult> results;
  results.reserve(services_.size());
  for (const auto& service : services_) results.push_back(service->result());
  return results;
}

asio::awaitable<void> Application::show_progress() {
  for (;;) {
    progress_timer_.expires_after(std::chrono::milliseconds{200});
    auto [error] = co_await progress_timer_.async_wait(kAsTuple);
    if (error || has_finished()) co_return;
    progress_.show(progress_line_of(once_results()));
  }
}

asio::awaitable<void> Application::feed_watchdog() {
  for (;;) {
    service::ping_watchdog();
    watchdog_timer_.expires_after(*service::watchdog_interval() / 2);
    auto [error] = co_await watchdog_timer_.async_wait(kAsTuple);
    if (error || has_finished()) co_return;
  }
}

}  // namespace outboxd::daemon
