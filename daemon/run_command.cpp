// SPDX-License-Identifier: Apache-2.0
#include "daemon/application.hpp"
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/load_settings.hpp"
#include "system/identity.hpp"
#include "telemetry/redaction.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace outboxd::daemon {
namespace {

void announce(const config::Settings& settings) {
  spdlog::info("outboxd {}: profile {}, table {}, Redis {}, worker {}", OUTBOXD_VERSION,
               settings.profile == Profile::api ? "api" : "coordinator", settings.dispatcher.table,
               settings.redis.endpoint.shown(), system::worker_id());
  if (settings.signing_key.empty()) {
    spdlog::warn("entries go out unsigned: no signing key is set (STREAMS_HMAC_KEY or STREAMS_HMAC_KEY_FILE)");
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

int run(const config::Settings& settings, const RunMode& mode) {
  Application application{settings, mode};
  const auto status = application.run();
  if (!mode.once) return status;
  const auto result = application.once_result();
  std::cout << json_line_of(result) << std::endl;
  return exit_status_of(result);
}

}  // namespace

int run_command(const CommandLine& line) {
  auto settings = load_settings(line, {});
  if (!settings) return kCouldNotWork;
  if (line.once_timeout) keep_within(*line.once_timeout, *settings);
  system::ignore_sigpipe();
  announce(*settings);
  try {
    return run(*settings, {.once = line.once, .once_timeout = line.once_timeout});
  } catch (const http::ListenError& error) {
    std::cerr << "outboxd: " << error.what() << "\n";
  } catch (const std::invalid_argument& error) {
    std::cerr << "outboxd: " << telemetry::log::redacted(error.what()) << "\n";
  }
  return kCouldNotWork;
}

}  // namespace outboxd::daemon
