// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/run_command.hpp"

#include "config/units.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/reference/command_tree.hpp"
#include "daemon/service/application.hpp"
#include "daemon/service/start_line.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "system/signals.hpp"
#include "system/write_within.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace outboxd::daemon {
namespace {

// How long the report waits for its reader, so that the process ends even if its output isn't read.
constexpr std::chrono::seconds kReportPatience{5};

std::string listed(const std::vector<std::string>& streams) {
  std::string text;
  for (const auto& stream : streams) text.append(text.empty() ? "" : ", ").append(stream);
  return text;
}

void announce(const config::Settings& settings, std::size_t dispatchers) {
  const auto& dispatcher = settings.dispatcher;
  const auto streams = dispatcher.streams.empty() ? "" : ", streams " + listed(dispatcher.streams);
  const auto excluded = dispatcher.exclude_streams.empty() ? "" : ", not " + listed(dispatcher.exclude_streams);
  spdlog::info("dispatcher {}, profile {}, table {}{}{}, Redis {}, worker {}", dispatcher.name,
               settings.profile == Profile::api ? "api" : "coordinator", shown_table(settings), streams, excluded,
               settings.redis.endpoint.shown(), worker_of(settings, dispatchers));
}

/// Bounds each call to a server by --timeout, so that a hanging server can't outlast the run.
void keep_within(std::chrono::milliseconds whole_run, config::Settings& settings) {
  for (auto* limit : {&settings.postgres.connect_timeout, &settings.postgres.statement_timeout,
                      &settings.redis.connect_timeout, &settings.redis.timeout}) {
    *limit = std::min(*limit, whole_run);
  }
}

int dispatch(config::Loaded loaded, const RunMode& mode, SharedOptions options) {
  // Reloads name the file explicitly, so that its absence is an error, even at the default path.
  options.config_file = loaded.file;
  Application application{std::move(loaded), mode, [&options] { return load_again(options, {}); }};
  application.run();
  if (!mode.once) return kDone;
  const auto results = application.once_results();
  std::string report;
  for (const auto& result : results) report.append(json_line_of(result)).append("\n");
  // The progress line is cleared first, as another thread writes the report, perhaps to the same terminal.
  telemetry::log::flush();
  const auto why_not = system::write_within(STDOUT_FILENO, std::move(report), kReportPatience);
  if (why_not.empty()) return exit_status_of(results);
  spdlog::error("the report of {} dispatcher(s) could not be written to standard output: {}", results.size(),
                why_not);
  return std::max(exit_status_of(results), kIncomplete);
}

}  // namespace

CLI::App& RunCommand::declare(CLI::App& program) {
  program
      .add_flag("--once", once, "Publish all rows that are due now, print each dispatcher's counts as JSON, and exit")
      ->group(reference::kRunGroup);
  program.add_option("--timeout", timeout, "With --once: stop after this time; outages are waited out within it")
      ->type_name("DURATION")
      ->group(reference::kRunGroup);
  auto& app = declare_command(program, "run", "Dispatch until SIGTERM or SIGINT (the default)");
  app.set_help_flag();
  set_examples(app, {"outboxd run --config /etc/outboxd/outboxd.toml"});
  set_examples(program, {"outboxd --config /etc/outboxd/outboxd.toml  # dispatches until it is stopped",
                         "outboxd --once --timeout 60s                # publishes what is due now, and exits"});
  return app;
}

std::string RunCommand::complete(const SharedOptions& /*shared*/) {
  if (timeout.empty()) return {};
  if (!once) return "--timeout goes with --once";
  const auto parsed = config::parse_duration(timeout);
  if (!parsed.value || *parsed.value <= 0) {
    return "--timeout " + timeout + ": needs a duration above 0, such as 60s";
  }
  once_timeout = std::chrono::milliseconds{*parsed.value};
  return {};
}

int RunCommand::run(const SharedOptions& shared) const {
  if (!once) system::ignore_sighup();
  auto loaded = load_settings(shared, {});
  if (!loaded) return kCouldNotWork;
  system::ignore_sigpipe();
  spdlog::info("{}", start_line(*loaded));
  for (const auto& warning : loaded->warnings) spdlog::warn("{}", warning.shown());
  for (auto& settings : loaded->dispatchers) {
    if (once_timeout) keep_within(*once_timeout, settings);
    announce(settings, loaded->dispatchers.size());
  }
  try {
    return dispatch(std::move(*loaded), {.once = once, .once_timeout = once_timeout}, shared);
  } catch (const http::ListenError& error) {
    telemetry::log::say("outboxd: " + std::string{error.what()});
  } catch (const std::invalid_argument& error) {
    telemetry::log::say("outboxd: " + std::string{error.what()});
  }
  return kCouldNotWork;
}

}  // namespace outboxd::daemon
