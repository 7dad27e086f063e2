// SPDX-License-Identifier: Apache-2.0
#include "fuzz/config_round_trip.hpp"

#include "config/options.hpp"
#include "config/render.hpp"
#include "config/text.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace outboxd::fuzz {
namespace {

template <class Bytes>
std::string hex(const Bytes& bytes, std::string_view before_each = "") {
  std::string text;
  for (const auto item : bytes) {
    const auto byte = static_cast<unsigned char>(item);
    text.append(before_each);
    for (const unsigned digit : {byte / 16U, byte % 16U}) text += "0123456789abcdef"[digit];
  }
  return text;
}

void put(config::Environment& environment, const char* path, const std::string& value) {
  if (!value.empty()) environment[config::find_option(path)->own_env()] = value;
}

/// What `config show` masks, and the URL that it shows beside the parts that it led to.
config::Environment secrets_of(const config::Settings& settings) {
  config::Environment environment;
  const auto& endpoint = settings.redis.endpoint;
  put(environment, "postgres.url", settings.postgres.url);
  put(environment, "redis.username", endpoint.username);
  put(environment, "redis.password", endpoint.password);
  put(environment, "signing.key", hex(settings.signing_key));
  put(environment, "http.bearer", settings.http.bearer);
  if (!endpoint.unix_path.empty()) put(environment, "redis.url", "unix:///" + hex(endpoint.unix_path.substr(1), "%"));
  return environment;
}

std::string without_secrets(const std::string& shown) {
  std::string result;
  std::string section;
  for (const auto line : config::split(shown, '\n')) {
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
    const std::string key{line.substr(0, line.find(' '))};
    const auto* const option = config::find_option(section.empty() ? key : section + "." + key);
    if (option == nullptr || !option->secret) result.append(line).append("\n");
  }
  return result;
}

struct Lines {
  std::string text;

  void add(std::string_view name, std::string_view value) {
    text.append(name).append(" ").append(config::in_quotes(value)).append("\n");
  }
  void add(std::string_view name, std::uint64_t number) { add(name, std::to_string(number)); }
  void add(std::string_view name, config::Millis time) { add(name, std::to_string(time.count())); }
};

void add_dispatcher(const config::DispatcherSettings& dispatcher, Lines& lines) {
  lines.add("name", dispatcher.name);
  lines.add("table", dispatcher.table);
  for (const auto& stream : dispatcher.streams) lines.add("stream", stream);
  for (const auto& [stream, limit] : dispatcher.stream_maxlen)
    lines.add("maxlen of " + config::in_quotes(stream), limit);
  lines.add("maxlen", dispatcher.maxlen);
  lines.add("batch", std::uint64_t{dispatcher.batch});
  lines.add("max_attempts", std::uint64_t{dispatcher.max_attempts});
  lines.add("max_payload_bytes", dispatcher.max_payload_bytes);
  lines.add("poll_interval", dispatcher.poll_interval);
  lines.add("lease", dispatcher.lease);
  lines.add("shutdown_timeout", dispatcher.shutdown_timeout);
  lines.add("probe_min", dispatcher.probe_min);
  lines.add("probe_max", dispatcher.probe_max);
}

bool is_masked(const config::Effective& item) {
  return config::find_option(item.path)->secret || item.path == "redis.username";
}

}  // namespace

std::string described(const config::Settings& settings) {
  const auto& endpoint = settings.redis.endpoint;
  Lines lines;
  lines.add("profile", config::to_string(settings.profile));
  lines.add("mode", settings.mode);
  lines.add("log.level", settings.log_level);
  lines.add("log.json", std::to_string(static_cast<int>(settings.log_json)));
  lines.add("postgres.url", settings.postgres.url);
  lines.add("postgres.connect_timeout", settings.postgres.connect_timeout);
  lines.add("postgres.statement_timeout", settings.postgres.statement_timeout);
  lines.add("redis", endpoint.shown());
  lines.add("redis.host", endpoint.host);
  lines.add("redis.unix_path", endpoint.unix_path);
  lines.add("redis.username", endpoint.username);
  lines.add("redis.password", endpoint.password);
  lines.add("redis.connect_timeout", settings.redis.connect_timeout);
  lines.add("redis.timeout", settings.redis.timeout);
  lines.add("signing.key", hex(settings.signing_key));
  lines.add("http.listen", settings.http.listen);
  lines.add("http.bearer", settings.http.bearer);
  add_dispatcher(settings.dispatcher, lines);
  return lines.text;
}

void check_round_trip(const config::Loaded& loaded, const MemoryFile& file) {
  // A URL can hold any bytes as %XX, the settings of their own can't.
  const auto& endpoint = loaded.settings.redis.endpoint;
  if (!config::is_utf8(endpoint.username) || !config::is_utf8(endpoint.password)) return;
  const auto shown = without_secrets(config::render_show(loaded));
  file.write(shown);
  config::Sources sources;
  sources.config_file = file.path();
  sources.environment = secrets_of(loaded.settings);
  const auto again = config::load(sources, {.postgres = false});
  require(again.problems.empty(), "what config show prints can be loaded",
          config::render_problems(again.problems) + shown);
  require(described(again.settings) == described(loaded.settings), "what config show prints gives the same settings",
          described(again.settings) + "---- at first ----\n" + described(loaded.settings));
  require(again.effective.size() == loaded.effective.size(), "every setting is shown again");
  for (std::size_t i = 0; i < again.effective.size(); ++i) {
    const auto& item = again.effective[i];
    require(is_masked(item) || item.value == loaded.effective[i].value, "every setting is shown as before",
            item.path);
  }
}

}  // namespace outboxd::fuzz
