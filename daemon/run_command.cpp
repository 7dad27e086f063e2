// SPDX-License-Identifier: Apache-2.0
#include "daemon/application.hpp"
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/load_settings.hpp"
#include "daemon/parts.hpp"
#include "system/signals.hpp"
#include "telemetry/redaction.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

std::string listed(const std::vector<std::string>& streams) {
  std::string text;
  for (const auto& stream : streams) text.append(text.empty() ? "" : ", ").append(stream);
  return text;
}

void announce(const config::Settings& settings, std::size_t dispatchers) {
  const auto& dispatcher = settings.dispatcher;
  const auto streams = dispatcher.streams.empty() ? "" : ", streams " + listed(dispatcher.streams);
  const auto excluded = dispatcher.exclude_streams.empty() ? "" : ", not " + listed(dispatcher.exclude_streams);
  spdlog::info("outboxd {}: dispatcher {}, profile {}, table {}{}{}, Redis {}, worker {}", OUTBOXD_VERSION,
               dispatcher.name, settings.profile == Profile::api ? "api" : "coordinator", dispatcher.table, streams,
               excluded, settings.redis.endpoint.shown(), worker_of(settings, dispatchers));
  if (settings.signing_key.empty()) {
    spdlog::warn("{}: entries go out unsigned: no signing key is set (STREAMS_HMAC_KEY or STREAMS_HMAC_KEY_FILE)",
                 dispatcher.name);
  }
}

/// With --timeout, no single call to a server may take longer than the whole run: a server that hangs would outlast
/// it.
void keep_within(std::chrono::milliseconds whole_run, config::Settings& settings) {
  for (auto* limit : {&settings.postgres.connect_timeout, &settings.postgres.statement_timeout,
                      &settings.redis.connect_timeout, &settings.redis.timeout}) {
    *limit = std::min(*limit, whole_run);
  }
}

int run(const config::Loaded& loaded, const RunMode& mode) {
  Application application{loaded, mode};
  const auto status = application.run();
  if (!mode.once) return status;
  const auto results = application.once_results();
  for (const auto& result : results) std::cout << json_line_of(result) << std::endl;
  return exit_status_of(results);
}

}  // namespace

int run_command(const CommandLine& line) {
  auto loaded = load_settings(line, {});
  if (!loaded) return kCouldNotWork;
  system::ignore_sigpipe();
  for (const auto& warning : loaded->warnings) spdlog::warn("{}", warning.shown());
  for (auto& settings : loaded->dispatchers) {
    if (line.once_timeout) keep_within(*line.once_timeout, settings);
    announce(settings, loaded->dispatchers.size());
  }
  try {
    return run(*loaded, {.once = line.once, .once_timeout = line.once_timeout});
  } catch (const http::ListenError& error) {
    std::cerr << "outboxd: " << error.what() << "\n";
  } catch (const std::invalid_argument& error) {
    std::cerr << "outboxd: " << telemetry::log::redacted(error.what()) << "\n";
  }
  return kCouldNotWork;
}

}  // namespace outboxd::daemon
