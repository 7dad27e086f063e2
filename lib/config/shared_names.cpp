// SPDX-License-Identifier: Apache-2.0
#include "config/shared_names.hpp"

#include "config/parse_parts.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <vector>

namespace outboxd::config {

std::optional<std::string> largest_instead(const Option& option, const EnvName& name, std::string_view text) {
  // A port, for one, is no amount: another would be another server's.
  const bool is_amount = option.section() == "dispatcher" && option.max != 0;
  if (!is_amount || name.name == option.own_env() || text.starts_with('-')) return std::nullopt;
  const std::int64_t largest = option.max / factor_of(name.unit);
  const Checked<std::int64_t> number = parse_integer(text);
  const bool too_large = number.value ? *number.value > largest : number.problem == "is too large";
  return too_large ? std::optional(std::to_string(largest)) : std::nullopt;
}

void warn_of_unread(const Environment& environment, Problems& warnings) {
  std::string unread;
  std::string instead;
  for (const Option& option : options()) {
    const std::vector<EnvName> read = option.env({Profile::api, true});
    const auto is_given = [&](const EnvName& env) { return find_variable(environment, env.name) != nullptr; };
    // What is given by a stronger name would not count anyway.
    if (std::any_of(read.begin(), read.end(), is_given)) continue;
    for (const EnvName& env : option.shared_env) {
      if (env.readers != Readers::api_alone || !is_given(env)) continue;
      unread.append(unread.empty() ? "" : ", ").append(env.name);
      instead.append(instead.empty() ? "" : ", ").append(read.back().name);
    }
  }
  if (unread.empty()) return;
  warnings.push_back({{Origin::Kind::environment, unread},
                      "not read by dispatchers of profile api, as one of profile coordinator is in the same process: "
                      "set " +
                          instead + " for them"});
}

void warn_of_service_port(const Environment& environment, const Layer& merged, Problems& warnings) {
  const auto is_default = [&](const char* path) {
    const auto found = merged.find(path);
    return found != merged.end() && found->second.origin.kind <= Origin::Kind::profile;
  };
  if (merged.contains("redis.url") || is_default("redis.host") || !is_default("redis.port")) return;
  // No variable is for a server that an entry of the file has for itself.
  if (merged.at("redis.host").origin.own) return;
  const Option& port = *find_option("redis.port");
  for (const EnvName& env : port.env({})) {
    const auto found = environment.find(env.name);
    if (found == environment.end() || found->second.empty()) continue;
    warnings.push_back({{Origin::Kind::environment, env.name},
                        "is not a port but what Kubernetes sets for a Service, and is not read: redis.port is " +
                            port.default_api + "; for another, set redis.port or --redis-port, or give a redis.url"});
    return;
  }
}

}  // namespace outboxd::config
