// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings/load_settings.hpp"

#include "config/nearest.hpp"
#include "config/render.hpp"
#include "config/text.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/judge_conninfo.hpp"
#include "telemetry/log.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unistd.h>

namespace outboxd::daemon {
namespace {

std::string hex(const std::vector<std::uint8_t>& bytes, std::string_view digits) {
  std::string text;
  for (const auto byte : bytes) text.append({digits[byte >> 4U], digits[byte & 0xFU]});
  return text;
}

/// Names that stay readable in the log even if a secret is the same word.
std::vector<std::string> harmless_words(const std::vector<config::Settings>& dispatchers) {
  std::vector<std::string> words;
  for (const auto& settings : dispatchers) {
    const auto names = postgres::names_in_conninfo(settings.postgres.url);
    const auto& dispatcher = settings.dispatcher;
    words.insert(words.end(), names.begin(), names.end());
    words.insert(words.end(), dispatcher.streams.begin(), dispatcher.streams.end());
    words.insert(words.end(), {settings.redis.endpoint.username, settings.redis.endpoint.host, dispatcher.name,
                               dispatcher.table, dispatcher.layout, dispatcher.producer});
  }
  return words;
}

void keep_secrets(const config::Settings& settings, const std::vector<std::string>& harmless) {
  using telemetry::log::redact;
  redact(settings.postgres.url);
  for (auto& secret : postgres::secrets_of_conninfo(settings.postgres.url)) redact(std::move(secret), harmless);
  redact(settings.redis.endpoint.password, harmless);
  redact(settings.http.bearer, harmless);
  redact(hex(settings.signing_key, "0123456789abcdef"));
  redact(hex(settings.signing_key, "0123456789ABCDEF"));
}

}  // namespace

config::Loaded load_configuration(const SharedOptions& options, const config::Needs& needs) {
  config::Sources sources;
  sources.config_file = options.config_file;
  sources.environment = config::environment_of(environ);
  sources.flags = options.flags;
  sources.libpq = {.parameters = postgres::conninfo_parameters(),
                   .refusal = postgres::judge_conninfo,
                   .doubts = postgres::doubts_of_conninfo};
  return config::load(sources, needs);
}

std::string keep_only(const std::vector<std::string>& names, std::vector<config::Settings>& dispatchers) {
  std::vector<std::string> known;
  known.reserve(dispatchers.size());
  for (const auto& settings : dispatchers) known.push_back(settings.dispatcher.name);
  for (const auto& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    auto wrong = "--dispatcher " + config::echoed(name) + ": no dispatcher has that name; there is " + known.front();
    for (std::size_t i = 1; i < known.size(); ++i) wrong.append(", ").append(known[i]);
    return wrong + config::did_you_mean(config::nearest_word(name, known));
  }
  if (names.empty()) return {};
  std::erase_if(dispatchers, [&names](const auto& settings) {
    return std::ranges::find(names, settings.dispatcher.name) == names.end();
  });
  return {};
}

config::Loaded load_again(const SharedOptions& options, const config::Needs& needs) {
  auto loaded = load_configuration(options, needs);
  const auto harmless = harmless_words(loaded.dispatchers);
  for (const auto& dispatcher : loaded.dispatchers) keep_secrets(dispatcher, harmless);
  if (!loaded.problems.empty()) return loaded;
  const auto wrong = keep_only(options.dispatchers, loaded.dispatchers);
  if (!wrong.empty()) loaded.problems.push_back({{}, wrong});
  return loaded;
}

std::optional<config::Loaded> load_settings(const SharedOptions& options, const config::Needs& needs) {
  auto loaded = load_configuration(options, needs);
  if (!loaded.problems.empty()) {
    telemetry::log::say(config::render_problems(loaded.problems));
    return std::nullopt;
  }
  const auto harmless = harmless_words(loaded.dispatchers);
  for (const auto& dispatcher : loaded.dispatchers) keep_secrets(dispatcher, harmless);
  const auto wrong = keep_only(options.dispatchers, loaded.dispatchers);
  if (!wrong.empty()) {
    telemetry::log::say("outboxd: " + wrong);
    return std::nullopt;
  }
  using telemetry::log::Format;
  telemetry::log::set_up(loaded.settings.log_level, loaded.settings.log_json ? Format::json : Format::text);
  return loaded;
}

}  // namespace outboxd::daemon
