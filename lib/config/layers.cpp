// SPDX-License-Identifier: Apache-2.0
#include "config/layers.hpp"

#include "config/file_text.hpp"
#include "config/nearest.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/toml_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace outboxd::config {
namespace {

constexpr std::size_t kLargestFile = 1'048'576;

/// A secret and the file that holds it must not be given side by side: which one counts would be a guess.
void check_pairs(const Layer& layer, Problems& problems) {
  for (const Option& option : options()) {
    if (option.file_of.empty()) continue;
    const auto file = layer.find(option.path);
    const auto value = layer.find(option.file_of);
    if (file == layer.end() || value == layer.end()) continue;
    std::string names = option.file_of + " and " + option.path;
    if (file->second.origin.kind == Origin::Kind::environment) {
      names = value->second.origin.name + " and " + file->second.origin.name;
    }
    problems.push_back({file->second.origin, names + " are both set: keep one of them"});
  }
}

std::vector<std::string> sections() {
  std::vector<std::string> names;
  for (const Option& option : options()) {
    const std::string section = option.section();
    if (!section.empty() && std::find(names.begin(), names.end(), section) == names.end()) names.push_back(section);
  }
  return names;
}

/// Walks a file's tables, whose keys are either settings or sections.
class FileWalk {
 public:
  FileWalk(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}

  void walk(const TomlNode& table, const std::string& prefix) {
    for (const TomlNode& node : table.children) visit(node, prefix);
  }

  Layer take() { return std::move(layer_); }

 private:
  void visit(const TomlNode& node, const std::string& prefix) {
    // A key that was written with a dot in quotes is one word, not a path; one with a line's end stays on one line.
    const std::string quoted = in_quotes(node.key);
    const bool plain = node.key.find('.') == std::string::npos && quoted.size() == node.key.size() + 2;
    const std::string path = prefix + (plain ? node.key : quoted);
    if (const Option* option = find_option(path)) {
      layer_[path] = {parse_node(*option, node, file_, problems_), origin(node.line, node.column)};
    } else if (std::find(sections_.begin(), sections_.end(), path) != sections_.end()) {
      visit_section(node, path);
    } else {
      unknown(node, path);
    }
  }

  void visit_section(const TomlNode& node, const std::string& path) {
    if (node.type == TomlType::table) {
      walk(node, path + ".");
      return;
    }
    std::string text = path + ": must be a table, is " + describe(node.type);
    if (node.type == TomlType::array) text += " (write [" + path + "], not [[" + path + "]])";
    problems_.push_back({origin(node.key_line, node.key_column), text});
  }

  void unknown(const TomlNode& node, const std::string& path) {
    const bool section = node.type == TomlType::table;
    std::string near = section ? nearest_word(path, sections_) : "";
    if (near.empty()) near = nearest_path(path.find('"') == std::string::npos ? path : node.key);
    problems_.push_back({origin(node.key_line, node.key_column),
                         std::string("unknown ") + (section ? "section " : "key ") + path + did_you_mean(near)});
  }

  [[nodiscard]] Origin origin(std::uint32_t line, std::uint32_t column) const {
    return {Origin::Kind::file, file_, line, column};
  }

  std::string file_;
  Problems& problems_;
  std::vector<std::string> sections_ = sections();
  Layer layer_;
};

}  // namespace

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

Layer file_layer(const std::string& file, Problems& problems) {
  const Checked<std::string> text = read_file(file, kLargestFile);
  if (!text.value) {
    problems.push_back({{Origin::Kind::file, file}, "can't read the configuration file: " + text.problem});
    return {};
  }
  const std::optional<TomlNode> root = read_toml(*text.value, file, problems);
  if (!root) return {};
  Problems found;
  FileWalk walk(file, found);
  walk.walk(*root, "");
  Layer layer = walk.take();
  check_pairs(layer, found);
  std::stable_sort(found.begin(), found.end(), [](const Problem& left, const Problem& right) {
    return std::pair(left.where.line, left.where.column) < std::pair(right.where.line, right.where.column);
  });
  problems.insert(problems.end(), found.begin(), found.end());
  return layer;
}

Layer environment_layer(const Environment& environment, Profile profile, Problems& problems) {
  Layer layer;
  for (const Option& option : options()) {
    for (const EnvName& env : option.env(profile)) {
      const std::string* const text = find_variable(environment, env.name);
      if (text == nullptr) continue;
      const Origin origin{Origin::Kind::environment, env.name};
      layer[option.path] = {parse_text(option, *text, env.unit, origin, problems), origin};
      break;
    }
  }
  check_pairs(layer, problems);
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
