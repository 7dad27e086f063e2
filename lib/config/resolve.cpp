// SPDX-License-Identifier: Apache-2.0
#include "config/resolve.hpp"

#include "config/file_text.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "config/redis_url.hpp"

#include <optional>
#include <utility>

namespace outboxd::config {
namespace {

const Entry* highest(const std::vector<Layer>& layers, const std::string& path) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (const auto found = layer->find(path); found != layer->end()) return &found->second;
  }
  return nullptr;
}

/// Opens the file that a `_file` entry names.
Entry read_entry(const Option& secret, const Entry& file, Problems& problems) {
  if (!file.value) return {std::nullopt, file.origin};
  const auto& path = std::get<std::string>(*file.value);
  const Checked<std::string> content = read_secret(path);
  if (!content.value) {
    problems.push_back({file.origin, secret.path + "_file: " + content.problem});
    return {std::nullopt, file.origin};
  }
  Origin origin = file.origin;
  origin.read_from = path;
  return {parse_text(secret, *content.value, Unit::own, file.origin, problems), origin};
}

}  // namespace

Layer merge(const std::vector<Layer>& layers, Problems& problems) {
  Layer merged;
  for (const Option& option : options()) {
    if (!option.file_of.empty()) continue;
    const Entry* const entry = highest(layers, option.path);
    const Entry* const file = option.secret ? highest(layers, option.path + "_file") : nullptr;
    if (file != nullptr && (entry == nullptr || outranks(file->origin, entry->origin))) {
      merged[option.path] = read_entry(option, *file, problems);
    } else if (entry != nullptr) {
      merged[option.path] = *entry;
    }
  }
  return merged;
}

std::string settle_redis(Layer& merged, Problems& warnings) {
  const auto given = merged.find("redis.url");
  if (given == merged.end() || !given->second.value) return "";
  const Origin from = given->second.origin;
  const RedisUrl url = parse_redis_url(std::get<std::string>(*given->second.value)).value.value();
  for (const std::string& warning : url.warnings) warnings.push_back({from, "redis.url: " + warning});
  const auto overruled = [&](const char* path) {
    const auto part = merged.find(path);
    return part != merged.end() && outranks(part->second.origin, from);
  };
  const auto put = [&](const char* path, std::optional<Value> value) {
    if (value && !overruled(path)) merged[path] = {std::move(value), from};
  };
  const auto text = [](const std::optional<std::string>& part) {
    return part ? std::optional<Value>(*part) : std::nullopt;
  };
  put("redis.username", text(url.username));
  put("redis.password", text(url.password));
  put("redis.database", url.database ? std::optional<Value>(std::int64_t{*url.database}) : std::nullopt);
  if (overruled("redis.host")) return "";
  if (url.unix_path.empty()) {
    put("redis.host", url.host);
    put("redis.port", std::int64_t{url.port});
    return "";
  }
  merged.erase("redis.host");
  merged.erase("redis.port");
  return url.unix_path;
}

Settings store(const Layer& merged) {
  Settings settings;
  for (const Option& option : options()) {
    const auto found = merged.find(option.path);
    if (option.store == nullptr || found == merged.end() || !found->second.value) continue;
    option.store(settings, *found->second.value);
  }
  return settings;
}

}  // namespace outboxd::config
