// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include "config/consistency.hpp"
#include "config/file_text.hpp"
#include "config/layers.hpp"
#include "config/layout.hpp"
#include "config/mask.hpp"
#include "config/options.hpp"
#include "config/resolve.hpp"

#include <utility>

namespace outboxd::config {
namespace {

std::optional<std::string> choose_file(const Sources& sources) {
  if (sources.config_file) return sources.config_file;
  if (const std::string* const named = find_variable(sources.environment, kConfigEnv)) return *named;
  if (exists(sources.default_file)) return sources.default_file;
  return std::nullopt;
}

/// The profile comes first: it selects the defaults and the environment names of all other settings.
Profile choose_profile(const Layer& file, const Environment& environment, const Layer& flags) {
  // Its own name is the same for both profiles, and a wrong one is reported when the whole environment is read.
  Problems reported_later;
  const Layer variables = environment_layer(environment, Profile::api, reported_later);
  for (const Layer* layer : {&flags, &variables, &file}) {
    const auto found = layer->find("profile");
    if (found == layer->end() || !found->second.value) continue;
    return std::get<std::string>(*found->second.value) == "api" ? Profile::api : Profile::coordinator;
  }
  return Profile::api;
}

std::optional<Value> shown_value(const Option& option, const Entry& entry) {
  if (!option.secret || !entry.value) return entry.value;
  const auto& secret = std::get<std::string>(*entry.value);
  if (secret.empty()) return entry.value;
  return option.mask != nullptr ? option.mask(secret) : std::string(kMasked);
}

/// A lone word before the '@' of a Redis URL is a user by the rules, and by mistake often a password.
bool is_user_of_url(const Layer& merged, const std::string& path) {
  if (path != "redis.username") return false;
  const auto url = merged.find("redis.url");
  return url != merged.end() && url->second.origin == merged.find(path)->second.origin;
}

std::vector<Effective> effective_of(const Layer& merged) {
  std::vector<Effective> effective;
  for (const Option& option : options()) {
    if (!option.file_of.empty()) continue;
    const auto found = merged.find(option.path);
    if (found == merged.end()) {
      effective.push_back({option.path, std::nullopt, {}});
    } else if (is_user_of_url(merged, option.path)) {
      effective.push_back({option.path, std::string(kMasked), found->second.origin});
    } else {
      effective.push_back({option.path, shown_value(option, found->second), found->second.origin});
    }
  }
  return effective;
}

}  // namespace

Loaded load(const Sources& sources, const Needs& needs) {
  Loaded loaded;
  Problems& problems = loaded.problems;
  loaded.file = choose_file(sources);
  const Layer file = loaded.file ? file_layer(*loaded.file, problems) : Layer();
  Problems flag_problems;
  const Layer flags = flag_layer(sources.flags, flag_problems);
  const Profile profile = choose_profile(file, sources.environment, flags);
  const Layer variables = environment_layer(sources.environment, profile, problems);
  check_own_variables(sources.environment, problems);
  problems.insert(problems.end(), flag_problems.begin(), flag_problems.end());

  Layer merged = merge({default_layer(profile), file, variables, flags}, problems);
  settle_layout(merged);
  const std::string unix_path = settle_redis(merged);
  loaded.settings = store(merged);
  if (!unix_path.empty()) {
    loaded.settings.redis.endpoint.host.clear();
    loaded.settings.redis.endpoint.unix_path = unix_path;
  }
  check_needs(merged, needs, problems);
  check_pacing(merged, problems);
  check_streams(merged, problems);
  check_layout(merged, problems);
  loaded.effective = effective_of(merged);
  loaded.dispatchers = {loaded.settings};
  return loaded;
}

}  // namespace outboxd::config
