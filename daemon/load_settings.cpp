// SPDX-License-Identifier: Apache-2.0
#include "daemon/load_settings.hpp"

#include "config/render.hpp"
#include "postgres/conninfo.hpp"
#include "telemetry/log.hpp"
#include "telemetry/redaction.hpp"

#include <iostream>
#include <unistd.h>

namespace outboxd::daemon {
namespace {

void keep_secrets(const config::Settings& settings) {
  using telemetry::log::redact;
  redact(settings.postgres.url);
  for (auto& secret : postgres::secrets_of_conninfo(settings.postgres.url)) redact(std::move(secret));
  redact(settings.redis.endpoint.password);
  redact(settings.http.bearer);
}

}  // namespace

config::Loaded load_configuration(const CommandLine& line, const config::Needs& needs) {
  config::Sources sources;
  sources.config_file = line.config_file;
  sources.environment = config::environment_of(environ);
  sources.flags = line.flags;
  return config::load(sources, needs);
}

std::optional<config::Settings> load_settings(const CommandLine& line, const config::Needs& needs) {
  auto loaded = load_configuration(line, needs);
  if (!loaded.problems.empty()) {
    std::cerr << config::render_problems(loaded.problems);
    return std::nullopt;
  }
  keep_secrets(loaded.settings);
  using telemetry::log::Format;
  telemetry::log::set_up(loaded.settings.log_level, loaded.settings.log_json ? Format::json : Format::text);
  return std::move(loaded.settings);
}

}  // namespace outboxd::daemon
