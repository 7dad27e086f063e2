// SPDX-License-Identifier: Apache-2.0
#include "config/layers.hpp"

#include "config/nearest.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "config/shared_names.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace outboxd::config {

void settle_pairs(Layer& layer, Problems& warnings) {
  for (const Option& option : options()) {
    if (option.file_of.empty()) continue;
    const auto file = layer.find(option.path);
    const auto value = layer.find(option.file_of);
    if (file == layer.end() || value == layer.end()) continue;
    const bool is_environment = file->second.origin.kind == Origin::Kind::environment;
    const std::string of_file = is_environment ? file->second.origin.name : option.path;
    const std::string of_value = is_environment ? value->second.origin.name : option.file_of;
    const bool file_wins = of_file.starts_with(kOwnEnvPrefix) && !of_value.starts_with(kOwnEnvPrefix);
    std::string text = of_value;
    text.append(" and ").append(of_file).append(" are both set, and ");
    text.append(file_wins ? of_file : of_value).append(" counts: take the other out");
    warnings.push_back({file->second.origin, std::move(text)});
    layer.erase(file_wins ? value : file);
  }
}

Layer default_layer(Profile profile) {
  Layer layer;
  Problems problems;
  for (const Option& option : options()) {
    const std::string& text = option.default_text(profile);
    const bool has_empty_form = option.kind == Kind::list || option.kind == Kind::limits;
    if (text.empty() && !has_empty_form) continue;
    Origin origin{option.per_profile ? Origin::Kind::profile : Origin::Kind::defaults, to_string(profile)};
    layer[option.path] = {parse_text(option, text, Unit::own, origin, problems), origin};
  }
  // The profile is a setting too; as a default it names itself.
  layer["profile"].value = to_string(profile);
  return layer;
}

namespace {

/// As of a secret's file, the white space around it is no part of it.
Entry secret_of(const Option& option, std::string_view text, const Origin& origin, Problems& problems) {
  const std::string_view secret = trim(text);
  if (!secret.empty()) return {parse_text(option, secret, Unit::own, origin, problems), origin};
  problems.push_back({origin, option.path + ": has nothing but white space in it"});
  return {std::nullopt, origin};
}

}  // namespace

Layer environment_layer(const Environment& environment, const Reader& reader, Problems& problems,
                        Problems& warnings) {
  Layer layer;
  for (const Option& option : options()) {
    for (const EnvName& env : option.env(reader)) {
      const std::string* const text = find_variable(environment, env.name);
      if (text == nullptr) continue;
      const Origin origin{Origin::Kind::environment, env.name};
      if (option.secret) {
        layer[option.path] = secret_of(option, *text, origin, problems);
        break;
      }
      const auto largest = largest_instead(option, env, *text);
      if (largest) {
        warnings.push_back({origin, option.path + ": is too large, and " + *largest +
                                        " is taken instead; if the number is for another dispatcher, set " +
                                        option.own_env() + " for outboxd"});
      }
      layer[option.path] = {parse_text(option, largest.value_or(*text), env.unit, origin, problems), origin};
      break;
    }
  }
  settle_pairs(layer, warnings);
  return layer;
}

void check_own_variables(const Environment& environment, Problems& problems) {
  std::vector<std::string> known = {std::string(kConfigEnv)};
  std::vector<std::string> endings = {std::string(kConfigEnv.substr(kOwnEnvPrefix.size()))};
  for (const Option& option : options()) {
    known.push_back(option.own_env());
    endings.push_back(known.back().substr(kOwnEnvPrefix.size()));
  }
  for (const auto& [name, value] : environment) {
    if (name.compare(0, kOwnEnvPrefix.size(), kOwnEnvPrefix) != 0 || value.empty()) continue;
    if (std::find(known.begin(), known.end(), name) != known.end() || is_service_link(name, value)) continue;
    const std::string near = nearest_word(name.substr(kOwnEnvPrefix.size()), endings);
    problems.push_back({{Origin::Kind::environment, name},
                        "unknown variable" + did_you_mean(near.empty() ? near : std::string(kOwnEnvPrefix) + near)});
  }
}

Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems) {
  Layer layer;
  for (const auto& [flag, text] : flags) {
    const Origin origin{Origin::Kind::flag, flag};
    const Option* const option = find_option_by_flag(flag);
    if (option == nullptr) {
      problems.push_back({origin, "unknown flag"});
      continue;
    }
    layer[option->path] = {parse_text(*option, text, Unit::own, origin, problems), origin};
  }
  return layer;
}

}  // namespace outboxd::config
