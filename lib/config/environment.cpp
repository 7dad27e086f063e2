// SPDX-License-Identifier: Apache-2.0
#include "config/layers.hpp"
#include "config/nearest.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::config {
namespace {

/// "tcp://10.0.0.1:6379" as a port.
bool is_link(std::string_view name, std::string_view value) {
  return name.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://"));
}

/// Whether Kubernetes sets a variable of this name and value for a Service called "outboxd…".
bool is_of_service(std::string_view name, std::string_view value) {
  if (name.find("_SERVICE_HOST") != std::string_view::npos || name.find("_SERVICE_PORT") != std::string_view::npos) {
    return true;
  }
  // After "_PORT_", the number of a port.
  for (auto at = name.find("_PORT_"); at != std::string_view::npos; at = name.find("_PORT_", at + 1)) {
    if (name.substr(at).find_first_of("0123456789") == std::string_view("_PORT_").size()) return true;
  }
  return is_link(name, value);
}

/// The largest number that the option allows, in the name's unit, where a shared tuning name has a larger one: such
/// numbers disable in-process dispatchers, and must not keep outboxd from starting. Otherwise "".
std::string largest_instead(const Option& option, const EnvName& name, std::string_view text) {
  // A port, for instance, is no amount: another number would be another server's.
  const bool is_amount = option.section() == "dispatcher" && option.max != 0;
  if (!is_amount || name.name == option.own_env() || text.starts_with('-')) return "";
  const std::int64_t largest = option.max / factor_of(name.unit);
  const Checked<std::int64_t> number = parse_integer(text);
  const bool too_large = number.value ? *number.value > largest : number.problem == "is too large";
  return too_large ? std::to_string(largest) : "";
}

std::optional<Value> read(const Option& option, const EnvName& name, std::string_view text, Findings& findings) {
  const Origin origin{Origin::Kind::environment, name.name};
  // As in a secret's file, surrounding white space is not part of the value.
  if (option.secret) text = trim(text);
  if (option.secret && text.empty()) {
    findings.problems.push_back({origin, option.path + ": has nothing but white space in it"});
    return std::nullopt;
  }
  const std::string largest = largest_instead(option, name, text);
  if (!largest.empty()) {
    findings.warnings.push_back({origin, option.path + ": is too large, and " + largest +
                                             " is taken instead; if the number is for another dispatcher, set " +
                                             option.own_env() + " for outboxd"});
  }
  return parse_text(option, largest.empty() ? text : largest, name.unit, origin, findings.problems);
}

}  // namespace

Environment environment_of(const char* const* variables) {
  Environment environment;
  for (; variables != nullptr && *variables != nullptr; ++variables) {
    const std::string_view line = *variables;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return environment;
}

const std::string* find_variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  const bool counts = found != environment.end() && !found->second.empty() && !is_link(name, found->second);
  return counts ? &found->second : nullptr;
}

Layer environment_layer(const Environment& environment, const Reader& reader, Findings& findings) {
  Layer layer;
  for (const Option& option : options()) {
    for (const EnvName& name : option.env(reader)) {
      const std::string* const text = find_variable(environment, name.name);
      if (text == nullptr) continue;
      layer[option.path] = {read(option, name, *text, findings), {Origin::Kind::environment, name.name}};
      break;
    }
  }
  resolve_pairs(layer, findings.warnings);
  return layer;
}

void check_own_variables(const Environment& environment, Problems& problems) {
  std::vector<std::string> known = {std::string(kConfigEnv.substr(kOwnEnvPrefix.size()))};
  for (const Option& option : options()) {
    if (const auto own = option.own_env(); !own.empty()) known.push_back(own.substr(kOwnEnvPrefix.size()));
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kOwnEnvPrefix) || value.empty() || is_of_service(name, value)) continue;
    const std::string word = name.substr(kOwnEnvPrefix.size());
    if (std::ranges::find(known, word) != known.end()) continue;
    const std::string near = nearest_word(word, known);
    problems.push_back({{Origin::Kind::environment, name},
                        "unknown variable" + did_you_mean(near.empty() ? near : std::string(kOwnEnvPrefix) + near)});
  }
}

void warn_of_unread(const Environment& environment, Problems& warnings) {
  std::string unread;
  std::string instead;
  for (const Option& option : options()) {
    const std::vector<EnvName> read = option.env({Profile::api, true});
    const auto is_given = [&](const EnvName& env) { return find_variable(environment, env.name) != nullptr; };
    // A stronger name sets it anyway.
    if (std::ranges::any_of(read, is_given)) continue;
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
  const bool host_alone =
      find(merged, "redis.url") == nullptr && !is_default(merged, "redis.host") && is_default(merged, "redis.port");
  // No variable concerns a server that a file's entry sets for itself.
  if (!host_alone || merged.at("redis.host").origin.own) return;
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
