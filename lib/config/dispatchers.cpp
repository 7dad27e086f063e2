// SPDX-License-Identifier: Apache-2.0
#include "config/dispatchers.hpp"

#include "config/dispatcher_names.hpp"
#include "config/layout.hpp"
#include "config/options.hpp"
#include "config/resolve.hpp"
#include "config/settle_postgres.hpp"
#include "config/shared_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace outboxd::config {
namespace {

constexpr std::array kNameServer = {"redis.url", "redis.url_file", "redis.host", "redis.port"};
constexpr std::array kEndpoint = {"redis.url",      "redis.url_file", "redis.host",          "redis.port",
                                  "redis.username", "redis.password", "redis.password_file", "redis.database"};

/// From strong to weak.
Profile profile_of(std::initializer_list<const Layer*> layers) {
  for (const Layer* layer : layers) {
    const auto found = layer->find("profile");
    if (found == layer->end() || !found->second.value) continue;
    return std::get<std::string>(*found->second.value) == "api" ? Profile::api : Profile::coordinator;
  }
  return Profile::api;
}

/// The profile comes first: it selects the defaults and the environment names of all other settings.
std::vector<Profile> profiles_of(const FileSettings& file, const Environment& environment, const Layer& flags) {
  // Its own name is the same for both profiles, and a wrong one is reported when the whole environment is read.
  Problems reported_later;
  const Layer variables = environment_layer(environment, {}, reported_later, reported_later);
  if (file.dispatchers.empty()) return {profile_of({&flags, &variables, &file.shared})};
  if (file.dispatchers.size() == 1) {
    return {profile_of({&flags, &variables, &file.dispatchers.front().settings, &file.shared})};
  }
  std::vector<Profile> profiles;
  for (const FileEntry& entry : file.dispatchers) profiles.push_back(profile_of({&entry.settings, &file.shared}));
  return profiles;
}

/// Takes out what could only be meant for one of several dispatchers.
void refuse_identities(const FileSettings& file, Layer& layer, Problems& problems) {
  for (const Option& option : options()) {
    if (!option.identifies) continue;
    const auto found = layer.find(option.path);
    if (found == layer.end()) continue;
    problems.push_back({found->second.origin, option.path + ": is that of one dispatcher, and " +
                                                  file.dispatchers.front().place.name + " has " +
                                                  std::to_string(file.dispatchers.size()) +
                                                  ": set it in the [[dispatcher]] that it is meant for"});
    layer.erase(found);
  }
}

template <class Paths>
void erase(const Paths& paths, Layer& layer) {
  for (const char* const path : paths) layer.erase(path);
}

/// Apart from the others, since they win over the environment and the flags: one DATABASE_URL would hide them all.
Layer take_own_connections(Layer& settings) {
  Layer own;
  for (auto item = settings.begin(); item != settings.end();) {
    if (item->second.origin.own) {
      own.insert(settings.extract(item++));
    } else {
      ++item;
    }
  }
  return own;
}

Layer merge_entry(const FileEntry& entry, Profile profile, std::vector<Layer> shared, Problems& problems) {
  Layer settings = entry.settings;
  const Layer own = take_own_connections(settings);
  const auto is_given = [&](const char* path) { return own.find(path) != own.end(); };
  // The name and the password of one server are of no use to another.
  if (std::any_of(kNameServer.begin(), kNameServer.end(), is_given)) {
    for (Layer& layer : shared) erase(kEndpoint, layer);
  }
  return merge({default_layer(profile), shared.at(0), settings, shared.at(1), shared.at(2), own}, problems);
}

}  // namespace

std::vector<Dispatcher> merge_dispatchers(const FileSettings& file, const Environment& environment, Layer flags,
                                          const Libpq& libpq, Problems& problems, Problems& warnings) {
  const std::vector<Profile> profiles = profiles_of(file, environment, flags);
  const bool coordinator = std::find(profiles.begin(), profiles.end(), Profile::coordinator) != profiles.end();
  const bool several = file.dispatchers.size() > 1;
  std::map<Profile, Layer> variables;
  for (const Profile profile : profiles) {
    if (variables.find(profile) != variables.end()) continue;
    Layer& layer = variables[profile] = environment_layer(environment, {profile, coordinator}, problems, warnings);
    if (several) refuse_identities(file, layer, problems);
  }
  if (several) refuse_identities(file, flags, problems);
  if (variables.size() > 1) warn_of_unread(environment, warnings);

  std::vector<Dispatcher> all;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const Layer& of_profile = variables[profiles[i]];
    Dispatcher& dispatcher = all.emplace_back();
    if (file.dispatchers.empty()) {
      dispatcher.merged = merge({default_layer(profiles[i]), file.shared, of_profile, flags}, problems);
    } else {
      const FileEntry& entry = file.dispatchers[i];
      dispatcher.merged = merge_entry(entry, profiles[i], {file.shared, of_profile, flags}, problems);
      dispatcher.entry = entry.place;
    }
    warn_of_service_port(environment, dispatcher.merged, warnings);
    settle_layout(dispatcher.merged);
    settle_postgres(dispatcher.merged, libpq, problems, warnings);
    dispatcher.redis_socket = settle_redis(dispatcher.merged, warnings);
  }
  if (!file.dispatchers.empty()) settle_names(all, problems);
  return all;
}

}  // namespace outboxd::config
