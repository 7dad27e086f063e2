// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/application.hpp"

#include "system/service_notify.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace outboxd::daemon {

namespace asio = boost::asio;
namespace service = system::service;

namespace {

// How long a hanging server is waited for beyond the shutdown time-out. Then the process ends, and the rows in flight
// are free when their lease ends.
constexpr std::chrono::seconds kGrace{2};

std::chrono::milliseconds longest_shutdown(const std::vector<config::Settings>& dispatchers) {
  std::chrono::milliseconds longest{0};
  for (const auto& settings : dispatchers) longest = std::max(longest, settings.dispatcher.shutdown_timeout);
  return longest;
}

}  // namespace

Application::Application(config::Loaded loaded, const RunMode& mode, std::function<config::Loaded()> read_again)
    : loaded_{std::move(loaded)},
      mode_{mode},
      services_{loaded_.dispatchers, mode_, loop_, [this] { could_not_connect(); }},
      signing_notice_{services_.metrics(), services_.readiness(), signing_state_of(loaded_.settings)},
      ticker_{loop_.get_executor(),
              [this] {
                signing_notice_.tick();
                services_.tick();
              }},
      hard_stop_timer_{loop_},
      reload_{loop_.get_executor(), std::move(read_again),
              [this](ReloadScope wanted, const config::Loaded& now) { take_over(wanted, now); }} {}

void Application::run() {
  const auto executor = loop_.get_executor();
  system::SignalHandlers handlers{.on_first = [this](std::string_view signal) { stop(signal); },
                                  .before_exit = [] { telemetry::log::flush(); }};
  // With --once, SIGHUP stops the process, so that it ends with its terminal.
  if (!mode_.once) handlers.on_hangup = [this] { hang_up(); };
  signals_ = std::make_unique<system::Signals>(executor, std::move(handlers));
  if (!mode_.once) serve_http();
  service::ready();
  services_.start([this] { finish(); });
  if (mode_.once && ::isatty(STDERR_FILENO) == 1) {
    progress_.emplace(executor, [this] { return progress_line_of(once_results()); });
  }
  if (const auto interval = service::watchdog_interval()) {
    watchdog_.emplace(executor, service::ping_watchdog, *interval / 2);
  }
  loop_.run();
}

void Application::serve_http() {
  const auto& settings = loaded_.settings.http;
  if (settings.listen == "off") return;
  server_ = std::make_unique<HttpEndpoint>(loop_.get_executor(), settings, services_.size(), services_.metrics(),
                                           services_.readiness());
  server_->listen();
}

void Application::stop(std::string_view signal) {
  stopping_ = true;
  const auto longest = longest_shutdown(loaded_.dispatchers);
  spdlog::info("{}: finishing the rows in flight, at most {} ms", signal, longest.count());
  service::stopping();
  end_anyway_after(longest + kGrace);
  services_.stop();
}

void Application::end_anyway_after(std::chrono::milliseconds time) {
  hard_stop_timer_.expires_after(time);
  hard_stop_timer_.async_wait([this](boost::system::error_code error) {
    // Checked here, as a timer that has just expired can't be cancelled.
    if (error || (services_.have_ended() && !reload_.reads())) return;
    spdlog::error(
        services_.have_ended()
            ? "the configuration or a secret's file could not be read again within the time-out"
            : "a server did not answer within the shutdown time-out: rows in flight are free when their lease ends");
    services_.log_tallies_if_unfinished();
    telemetry::log::flush();
    std::_Exit(kIncomplete);
  });
}

void Application::hang_up() {
  if (stopping_) return;
  if (log_file_.was_moved()) reopen_moved_log();
  spdlog::info("SIGHUP: reading the configuration and the secrets' files again");
  reload_.ask(ReloadScope::all);
  // An operator may have just fixed a table or a server: check it now instead of after the back-off.
  services_.look_again();
}

void Application::reopen_moved_log() {
  telemetry::log::flush();
  const auto why_not = log_file_.reopen();
  if (why_not.empty()) {
    spdlog::info("SIGHUP: the log goes on in a new file, {}", log_file_.path());
  } else {
    spdlog::warn("SIGHUP: the log's file {} can't be opened again ({}): lines still go to the one that was moved",
                 log_file_.path(), why_not);
  }
}

void Application::could_not_connect() {
  asio::post(loop_, [this] {
    if (!stopping_) reload_.ask(ReloadScope::logins);
  });
}

void Application::take_over(ReloadScope wanted, const config::Loaded& now) {
  if (services_.have_ended()) hard_stop_timer_.cancel();
  if (stopping_ || services_.have_ended()) return;
  if (!now.problems.empty()) {
    reload_log_.refused(wanted, now.problems);
    return;
  }
  const auto& of_process = loaded_.settings;
  const auto logged_as = std::pair{of_process.log_level, of_process.log_json};
  const auto changes = daemon::take_over(loaded_, now, wanted);
  if (!changes.taken_over.empty()) {
    if (logged_as != std::pair{of_process.log_level, of_process.log_json}) {
      using telemetry::log::Format;
      telemetry::log::set_up(of_process.log_level, of_process.log_json ? Format::json : Format::text);
    }
    services_.use(loaded_.dispatchers);
    signing_notice_.set(signing_state_of(of_process));
    if (server_) server_->use_bearer(of_process.http.bearer);
  }
  if (wanted == ReloadScope::all) {
    ReloadLog::warn_of_new(loaded_.warnings, now.warnings);
    loaded_.warnings = now.warnings;
  }
  reload_log_.taken_over(wanted, changes, signing_state_of(of_process));
}

void Application::finish() {
  if (server_) server_->stop();
  signals_->stop();
  ticker_.stop();
  if (watchdog_) watchdog_->stop();
  if (progress_) progress_->stop();
  // Reading a file keeps the loop alive, and may block for ever.
  if (!reload_.reads()) {
    hard_stop_timer_.cancel();
  } else if (!stopping_) {
    end_anyway_after(kGrace);
  }
}

}  // namespace outboxd::daemon
