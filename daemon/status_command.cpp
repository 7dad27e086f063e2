// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands.hpp"
#include "daemon/load_settings.hpp"
#include "daemon/parts.hpp"
#include "daemon/status_report.hpp"
#include "http/get.hpp"
#include "telemetry/redaction.hpp"

#include <chrono>
#include <iostream>
#include <thread>
#include <unistd.h>
#include <vector>

namespace outboxd::daemon {
namespace {

constexpr std::chrono::seconds kRefresh{2};
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

/// One dispatcher's table, and the connection to look at it.
struct Watched {
  explicit Watched(const config::Settings& settings)
      : dispatcher{settings.dispatcher.name},
        table{settings.dispatcher.table},
        reader{row_store_options(settings, "")} {}

  std::string dispatcher;
  std::string table;
  postgres::BacklogReader reader;
};

DispatcherStatus look_at(Watched& watched, const std::optional<std::string>& metrics) {
  DispatcherStatus status{.dispatcher = watched.dispatcher, .table = watched.table};
  try {
    status.overview = watched.reader.look();
  } catch (const std::exception& error) {
    status.problem = telemetry::log::redacted(error.what());
  }
  if (!metrics) return status;
  const auto last_minute = series_value(*metrics, "outboxd_published_last_minute", watched.dispatcher);
  // Another program may have answered.
  if (last_minute && *last_minute >= 0 && *last_minute < 1e15) {
    status.published_last_minute = static_cast<std::uint64_t>(*last_minute);
  }
  return status;
}

std::optional<std::string> ask_daemon(const config::HttpSettings& http) {
  if (http.listen == "off" || http.listen.ends_with(":0")) return std::nullopt;
  return http::get({.listen = http.listen, .path = "/metrics", .bearer = http.bearer});
}

void print(const CommandLine& line, const std::vector<DispatcherStatus>& statuses) {
  if (line.json) {
    for (const auto& status : statuses) std::cout << json_line_of(status);
  } else {
    if (line.watch && ::isatty(STDOUT_FILENO) == 1) std::cout << kClearScreen;
    std::cout << text_of(statuses);
  }
  std::cout << std::flush;
}

}  // namespace

int status_command(const CommandLine& line) {
  const auto loaded = load_settings(line, {.signing = false});
  if (!loaded) return kCouldNotWork;
  std::vector<Watched> watched;
  for (const auto& settings : loaded->dispatchers) watched.emplace_back(settings);
  for (;;) {
    const auto metrics = ask_daemon(loaded->settings.http);
    std::vector<DispatcherStatus> statuses;
    statuses.reserve(watched.size());
    for (auto& one : watched) statuses.push_back(look_at(one, metrics));
    print(line, statuses);
    // A pipe that nobody reads from any more ends it, too.
    if (!line.watch || !std::cout) return exit_status_of(statuses);
    std::this_thread::sleep_for(kRefresh);
  }
}

}  // namespace outboxd::daemon
