// SPDX-License-Identifier: Apache-2.0
#include "config/layers.hpp"

#include "config/file_text.hpp"
#include "config/parse.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::config {

bool outranks(const Origin& left, const Origin& right) {
  const auto rank = [](const Origin& origin) {
    return std::pair(origin.own, std::max(origin.kind, Origin::Kind::profile));
  };
  return rank(left) > rank(right);
}

bool is_default(const Layer& layer, std::string_view path) {
  const Entry* const entry = find(layer, path);
  return entry == nullptr || entry->origin.kind <= Origin::Kind::profile;
}

void apply(const Layer& source, Layer& onto) {
  for (const auto& [path, entry] : source) {
    const Option& option = *find_option(path);
    onto.erase(option.file_of.empty() ? path + "_file" : option.file_of);
    onto.insert_or_assign(path, entry);
  }
}

void resolve_pairs(Layer& source, Problems& warnings) {
  for (const Option& option : options()) {
    const auto file = source.find(option.path);
    const auto secret = source.find(option.file_of);
    if (file == source.end() || secret == source.end()) continue;
    const Origin& origin = file->second.origin;
    const bool is_environment = origin.kind == Origin::Kind::environment;
    const std::string of_file = is_environment ? origin.name : option.path;
    const std::string of_secret = is_environment ? secret->second.origin.name : option.file_of;
    const bool file_wins = of_file.starts_with(kOwnEnvPrefix) && !of_secret.starts_with(kOwnEnvPrefix);
    std::string text = of_secret;
    text.append(" and ").append(of_file).append(" are both set, and ");
    text.append(file_wins ? of_file : of_secret).append(" counts: take the other out");
    warnings.push_back({origin, std::move(text)});
    source.erase(file_wins ? secret : file);
  }
}

void open_secrets(Layer& merged, Problems& problems) {
  for (const Option& option : options()) {
    const Entry* const file = find(merged, option.path + "_file");
    if (!option.secret || file == nullptr) continue;
    Entry secret{std::nullopt, file->origin};
    if (file->value) {
      secret.origin.read_from = std::get<std::string>(*file->value);
      const Checked<std::string> content = read_secret(secret.origin.read_from);
      if (content.value) {
        secret.value = parse_text(option, *content.value, Unit::own, file->origin, problems);
      } else {
        problems.push_back({file->origin, option.path + "_file: " + content.problem});
      }
    }
    merged.erase(option.path + "_file");
    merged.insert_or_assign(option.path, std::move(secret));
  }
}

Layer default_layer(Profile profile) {
  Layer layer;
  Problems none;
  for (const Option& option : options()) {
    const std::string& text = option.default_text(profile);
    const bool has_empty_form = option.kind == Kind::list || option.kind == Kind::limits;
    if (text.empty() && !has_empty_form) continue;
    const Origin origin{option.per_profile ? Origin::Kind::profile : Origin::Kind::defaults, to_string(profile)};
    layer[option.path] = {parse_text(option, text, Unit::own, origin, none), origin};
  }
  // The profile is a setting too; as a default it names itself.
  layer["profile"].value = to_string(profile);
  return layer;
}

Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems) {
  Layer layer;
  for (const auto& [flag, text] : flags) {
    const Origin origin{Origin::Kind::flag, flag};
    if (const Option* const option = find_option_by_flag(flag)) {
      layer[option->path] = {parse_text(*option, text, Unit::own, origin, problems), origin};
    } else {
      problems.push_back({origin, "unknown flag"});
    }
  }
  return layer;
}

}  // namespace outboxd::config
