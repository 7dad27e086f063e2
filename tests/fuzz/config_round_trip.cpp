// SPDX-License-Identifier: Apache-2.0
#include "fuzz/config_round_trip.hpp"

#include "config/options.hpp"
#include "config/render.hpp"
#include "config/text.hpp"
#include "fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// The value that `config show` masked; for a Redis URL, with the parts that no other setting has.
std::string secret_of(const config::Settings& settings, std::string_view path) {
  const auto& endpoint = settings.redis.endpoint;
  if (path == "postgres.url") return settings.postgres.url;
  if (path == "redis.username") return endpoint.username;
  if (path == "redis.password") return endpoint.password;
  if (path == "signing.key") return hex(settings.signing_key);
  if (path == "http.bearer") return settings.http.bearer;
  return endpoint.unix_path.empty() ? "" : "unix:///" + hex(endpoint.unix_path.substr(1), "%");
}

bool is_masked(const config::Option& option) {
  return option.secret || option.path == "redis.username";
}

std::string with_secrets(const std::string& shown, const config::Loaded& loaded) {
  constexpr std::string_view kEntry = "[[dispatcher]]";
  constexpr std::string_view kInEntry = "dispatcher.";
  std::string result;
  std::string section;
  std::size_t entries = 0;
  for (const auto line : config::split(shown, '\n')) {
    if (line == kEntry) ++entries;
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
    if (section.starts_with(kInEntry)) section.erase(0, kInEntry.size());
    const std::string key{line.substr(0, line.find(' '))};
    const auto* const option = config::find_option(section.empty() ? key : section + "." + key);
    if (option == nullptr || !is_masked(*option)) {
      result.append(line).append("\n");
      continue;
    }
    const auto secret = secret_of(entries == 0 ? loaded.settings : loaded.dispatchers.at(entries - 1), option->path);
    if (!secret.empty()) result.append(key).append(" = ").append(config::in_quotes(secret)).append("\n");
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
  lines.add("layout", dispatcher.layout);
  lines.add("producer", dispatcher.producer);
  for (const auto& [role, column] : dispatcher.columns) lines.add("column of " + role, column);
  for (const auto& [state, word] : dispatcher.states) lines.add("word for " + state, word);
  for (const auto& stream : dispatcher.streams) lines.add("stream", stream);
  for (const auto& stream : dispatcher.exclude_streams) lines.add("no stream", stream);
  for (const auto& [stream, limit] : dispatcher.stream_maxlen)
    lines.add("maxlen of " + config::in_quotes(stream), limit);
  for (const auto& [stream, exact] : dispatcher.stream_exact_trim)
    lines.add("trim of " + config::in_quotes(stream), std::uint64_t{exact});
  lines.add("trim", std::uint64_t{dispatcher.exact_trim});
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

std::string all_described(const std::vector<config::Settings>& all) {
  std::string text;
  for (const auto& settings : all) text.append(described(settings)).append("--------\n");
  return text;
}

bool is_text(const config::RedisEndpoint& endpoint) {
  return config::is_utf8(endpoint.username) && config::is_utf8(endpoint.password);
}

}  // namespace

std::string described(const config::Settings& settings) {
  const auto& endpoint = settings.redis.endpoint;
  Lines lines;
  lines.add("profile", config::to_string(settings.profile));
  lines.add("mode", settings.mode);
  lines.add("topology", settings.topology);
  for (const auto& [name, stream] : settings.streams) {
    lines.add("stream " + config::in_quotes(name), stream.maxlen.value_or(0));
    lines.add("dead letters", std::uint64_t{stream.dead_letter});
    for (const auto& group : stream.groups) {
      lines.add("group", group.name);
      lines.add("start", group.start);
      lines.add("optional", std::uint64_t{group.optional});
    }
  }
  lines.add("log.level", settings.log_level);
  lines.add("log.json", std::to_string(static_cast<int>(settings.log_json)));
  lines.add("postgres.url", settings.postgres.url);
  lines.add("postgres.pooler", std::to_string(static_cast<int>(settings.postgres.pooler)));
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
  lines.add("signing.ambiguous", std::to_string(static_cast<int>(settings.ambiguous_is_dead)));
  lines.add("http.listen", settings.http.listen);
  lines.add("http.bearer", settings.http.bearer);
  add_dispatcher(settings.dispatcher, lines);
  return lines.text;
}

void check_round_trip(const config::Loaded& loaded, const MemoryFile& file) {
  // A URL can contain any bytes as %XX; separate settings can't.
  for (const auto& settings : loaded.dispatchers) {
    if (!is_text(settings.redis.endpoint) || !config::is_utf8(settings.postgres.url)) return;
  }
  const auto shown = with_secrets(config::render_show(loaded), loaded);
  file.write(shown);
  config::Sources sources;
  sources.config_file = file.path();
  const auto again = config::load(sources, {.postgres = false});
  require(again.problems.empty(), "what config show prints can be loaded",
          config::render_problems(again.problems) + shown);
  require(all_described(again.dispatchers) == all_described(loaded.dispatchers),
          "what config show prints gives the same settings",
          all_described(again.dispatchers) + "---- at first ----\n" + all_described(loaded.dispatchers));
  require(again.effective.size() == loaded.effective.size(), "every setting is shown again");
  for (std::size_t i = 0; i < again.effective.size(); ++i) {
    const auto& item = again.effective[i];
    const auto& first = loaded.effective[i];
    require(item.path == first.path && item.dispatcher == first.dispatcher, "the settings are shown in their order",
            item.path);
    require(is_masked(*config::find_option(item.path)) || item.value == first.value,
            "every setting is shown as before", item.path);
  }
}

}  // namespace outboxd::fuzz
