// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"
#include "config/layers.hpp"
#include "config/rules.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <utility>

namespace outboxd::config {
namespace {

// Of these, the first four name the server.
constexpr std::array kEndpoint = {"redis.url",      "redis.url_file", "redis.host",          "redis.port",
                                  "redis.username", "redis.password", "redis.password_file", "redis.database"};

/// One dispatcher's profile. It comes first: it selects the defaults and the environment names of all other settings.
Profile profile_of(const FileSettings& file, const FileEntry* entry, const Sources& sources) {
  // Its own names are the same for both profiles, and problems are reported when all sources are read.
  Findings later;
  std::vector<Layer> layers = {file.shared};
  if (entry != nullptr) layers.push_back(entry->settings);
  if (file.dispatchers.size() < 2) {
    layers.push_back(environment_layer(sources.environment, {}, later));
    layers.push_back(flag_layer(sources.flags, later.problems));
  }
  Profile profile = Profile::api;
  for (const Layer& layer : layers) {
    const auto* const word = value_of<std::string>(layer, "profile");
    if (word != nullptr) profile = profile_named(*word);
  }
  return profile;
}

/// With several dispatchers, removes settings that could only be meant for one.
void refuse_identities(const FileSettings& file, Layer& layer, Problems& problems) {
  if (file.dispatchers.size() < 2) return;
  for (const Option& option : options()) {
    const auto found = layer.find(option.path);
    if (!option.identifies || found == layer.end()) continue;
    problems.push_back({found->second.origin, option.path + ": is that of one dispatcher, and " +
                                                  file.dispatchers.front().place.name + " has " +
                                                  std::to_string(file.dispatchers.size()) +
                                                  ": set it in the [[dispatcher]] that it is meant for"});
    layer.erase(found);
  }
}

/// Applies all sources of one dispatcher, the weakest first.
Layer merge(const Layer& defaults, const FileSettings& file, const FileEntry* entry, const Layer& variables,
            const Layer& flags) {
  Layer merged = defaults;
  apply(file.shared, merged);
  if (entry != nullptr) apply(entry->settings, merged);
  apply(variables, merged);
  apply(flags, merged);
  if (entry == nullptr) return merged;
  // An entry's connections come last: a single DATABASE_URL would hide them all. And one server's name and password
  // are of no use for another server.
  const auto is_own = [entry](const char* path) { return entry->own.contains(path); };
  if (std::ranges::any_of(std::span(kEndpoint).first(4), is_own)) {
    for (const char* const path : kEndpoint) {
      merged.erase(path);
      if (const Entry* const by_default = find(defaults, path)) merged[path] = *by_default;
    }
  }
  apply(entry->own, merged);
  return merged;
}

/// The table's own name, without a schema, restricted to the letters of a dispatcher's name.
std::string name_of_table(const Layer& merged) {
  const auto parts = table_name_parts(value_or_empty(merged, "dispatcher.table"));
  if (!parts) return "outbox";
  std::string name = parts->back();
  for (char& c : name) c = check_dispatcher_name(std::string(1, c)).empty() ? c : '_';
  return name;
}

std::string free_name(const std::string& wanted, const std::map<std::string, Origin>& taken) {
  std::string name = wanted;
  for (std::size_t n = 2; taken.contains(name); ++n) {
    const std::string ending = "-" + std::to_string(n);
    name = wanted.substr(0, kLongestDispatcherName - ending.size()) + ending;
  }
  return name;
}

/// Names each unnamed dispatcher after its table, with a number behind it where that is taken; two dispatchers that
/// were given the same name are a problem.
void resolve_names(std::vector<Dispatcher>& dispatchers, Problems& problems) {
  constexpr const char* kName = "dispatcher.name";
  std::map<std::string, Origin> taken;
  for (const Dispatcher& dispatcher : dispatchers) {
    const auto* const name = value_of<std::string>(dispatcher.merged, kName);
    if (name == nullptr || is_default(dispatcher.merged, kName)) continue;
    const Origin& origin = dispatcher.merged.at(kName).origin;
    const auto [first, is_new] = taken.emplace(*name, origin);
    if (is_new) continue;
    problems.push_back({origin, "dispatcher.name = " + echoed(*name) + ": the dispatcher of line " +
                                    std::to_string(first->second.line) +
                                    " has this name already: give each its own"});
  }
  for (Dispatcher& dispatcher : dispatchers) {
    if (!is_default(dispatcher.merged, kName)) continue;
    Entry& name = dispatcher.merged[kName];
    name.value = free_name(name_of_table(dispatcher.merged), taken);
    taken.emplace(std::get<std::string>(*name.value), name.origin);
  }
}

}  // namespace

std::vector<Dispatcher> merge_dispatchers(const FileSettings& file, const Sources& sources, Findings& findings) {
  auto& [problems, warnings] = findings;
  Layer flags = flag_layer(sources.flags, problems);
  std::vector<const FileEntry*> entries;
  for (const FileEntry& entry : file.dispatchers) entries.push_back(&entry);
  // The only dispatcher of a file without entries.
  if (entries.empty()) entries.push_back(nullptr);
  std::vector<Profile> profiles(entries.size());
  std::ranges::transform(entries, profiles.begin(),
                         [&](const FileEntry* entry) { return profile_of(file, entry, sources); });
  const bool coordinator = std::ranges::count(profiles, Profile::coordinator) > 0;
  std::map<Profile, Layer> variables;
  for (const Profile profile : profiles) {
    if (variables.contains(profile)) continue;
    variables[profile] = environment_layer(sources.environment, {profile, coordinator}, findings);
    refuse_identities(file, variables[profile], problems);
  }
  refuse_identities(file, flags, problems);
  if (variables.size() > 1) warn_of_unread(sources.environment, warnings);

  std::vector<Dispatcher> all;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& [merged, redis_socket, place] = all.emplace_back();
    merged = merge(default_layer(profiles[i]), file, entries[i], variables[profiles[i]], flags);
    if (entries[i] != nullptr) place = entries[i]->place;
    open_secrets(merged, problems);
    warn_of_service_port(sources.environment, merged, warnings);
    resolve_layout(merged);
    resolve_postgres(merged, sources.libpq, findings);
    redis_socket = resolve_redis(merged, warnings);
  }
  if (!file.dispatchers.empty()) resolve_names(all, problems);
  return all;
}

}  // namespace outboxd::config
