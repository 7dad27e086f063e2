// SPDX-License-Identifier: Apache-2.0
#include "config/file_layer.hpp"

#include "config/file_text.hpp"
#include "config/nearest.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/toml_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace outboxd::config {
namespace {

constexpr std::size_t kLargestFile = 1'048'576;
constexpr std::string_view kDispatcher = "dispatcher";
constexpr std::string_view kInDispatcher = "dispatcher.";

std::vector<std::string> sections() {
  std::vector<std::string> names;
  for (const Option& option : options()) {
    const std::string section = option.section();
    if (!section.empty() && std::find(names.begin(), names.end(), section) == names.end()) names.push_back(section);
  }
  return names;
}

/// Where the keys are that are being walked: at the top of the file, or in a [[dispatcher]] entry.
struct Scope {
  Layer& layer;
  std::vector<std::string> sections;
  bool entry = false;

  /// The option's path of a key. An entry's profile and connections stand outside of [dispatcher] otherwise.
  [[nodiscard]] std::string option_path(const std::string& path) const {
    if (!entry || path.compare(0, kInDispatcher.size(), kInDispatcher) != 0) return path;
    const std::string inner = path.substr(kInDispatcher.size());
    return inner == "profile" || inner.find('.') != std::string::npos ? inner : path;
  }

  /// The other way round, for options that an entry may have.
  [[nodiscard]] std::string shown_path(const std::string& option) const {
    const Option* const known = find_option(option);
    const bool moved = entry && known != nullptr && known->of_dispatcher() && known->section() != kDispatcher;
    return (moved ? std::string(kInDispatcher) : "") + option;
  }
};

/// Walks a file's tables, whose keys are either settings or sections.
class FileWalk {
 public:
  FileWalk(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  FileSettings walk(const TomlNode& root) {
    FileSettings settings;
    Scope top{settings.shared, sections()};
    for (const TomlNode& node : root.children) {
      if (node.key == kDispatcher && node.type == TomlType::array) {
        visit_dispatchers(node, settings);
      } else {
        visit(node, "", top);
      }
    }
    settle_pairs(settings.shared, settings.warnings);
    return settings;
  }

 private:
  void visit_dispatchers(const TomlNode& array, FileSettings& settings) {
    if (array.children.empty()) {
      problems_.push_back(
          {origin(array.key_line, array.key_column),
           "dispatcher: is an empty array: write a [[dispatcher]] for each dispatcher, or leave it out"});
    }
    for (const TomlNode& element : array.children) {
      const Origin place = origin(element.line, element.column);
      if (element.type != TomlType::table) {
        problems_.push_back(
            {place, std::string("dispatcher: must be a table, or an array of tables ([[dispatcher]]), "
                                "has ") +
                        describe(element.type) + " in it"});
        continue;
      }
      FileEntry& entry = settings.dispatchers.emplace_back(FileEntry{{}, place});
      Scope scope{entry.settings, {"dispatcher.postgres", "dispatcher.redis"}, true};
      for (const TomlNode& node : element.children) visit(node, std::string(kInDispatcher), scope);
      settle_pairs(entry.settings, settings.warnings);
    }
  }

  void visit(const TomlNode& node, const std::string& prefix, Scope& scope) {
    // A key that was written with a dot in quotes is one word, not a path; one with a line's end stays on one line.
    const std::string quoted = in_quotes(node.key);
    const bool plain = node.key.find('.') == std::string::npos && quoted.size() == node.key.size() + 2;
    const std::string path = prefix + (plain ? node.key : quoted);
    const Option* const option = find_option(scope.option_path(path));
    if (option != nullptr && (!scope.entry || option->of_dispatcher())) {
      Origin place = origin(node.line, node.column);
      place.own = scope.entry && (option->section() == "postgres" || option->section() == "redis");
      scope.layer[option->path] = {parse_node(*option, node, file_, problems_), place};
    } else if (std::find(scope.sections.begin(), scope.sections.end(), path) != scope.sections.end()) {
      visit_section(node, path, scope);
    } else {
      unknown(node, path, scope);
    }
  }

  void visit_section(const TomlNode& node, const std::string& path, Scope& scope) {
    if (node.type == TomlType::table) {
      for (const TomlNode& child : node.children) visit(child, path + ".", scope);
      return;
    }
    std::string text = path + ": must be a table, is " + describe(node.type);
    if (node.type == TomlType::array) text += " (write [" + path + "], not [[" + path + "]])";
    problems_.push_back({origin(node.key_line, node.key_column), text});
  }

  void unknown(const TomlNode& node, const std::string& path, const Scope& scope) {
    const bool section = node.type == TomlType::table;
    const std::string meant = scope.option_path(path);
    std::string near = section ? nearest_section(node.key, scope) : "";
    if (near.empty()) near = nearest_path(meant.find('"') == std::string::npos ? meant : node.key);
    problems_.push_back(
        {origin(node.key_line, node.key_column),
         std::string("unknown ") + (section ? "section " : "key ") + path + did_you_mean(scope.shown_path(near))});
  }

  /// By the last word alone: what stands before it is the same for all.
  static std::string nearest_section(const std::string& key, const Scope& scope) {
    std::vector<std::string> words;
    for (const std::string& name : scope.sections) words.push_back(name.substr(name.rfind('.') + 1));
    const std::string near = nearest_word(key, words);
    return near.empty() || !scope.entry ? near : std::string(kInDispatcher) + near;
  }

  [[nodiscard]] Origin origin(std::uint32_t line, std::uint32_t column) const {
    return {Origin::Kind::file, file_, line, column};
  }

  const std::string& file_;
  Problems& problems_;
};

}  // namespace

FileSettings read_settings(const std::string& file, Problems& problems) {
  const Checked<std::string> text = read_file(file, kLargestFile);
  if (!text.value) {
    problems.push_back({{Origin::Kind::file, file}, "can't read the configuration file: " + text.problem});
    return {};
  }
  const std::optional<TomlNode> root = read_toml(*text.value, file, problems);
  if (!root) return {};
  Problems found;
  FileSettings settings = FileWalk(file, found).walk(*root);
  std::stable_sort(found.begin(), found.end(), [](const Problem& left, const Problem& right) {
    return std::pair(left.where.line, left.where.column) < std::pair(right.where.line, right.where.column);
  });
  problems.insert(problems.end(), found.begin(), found.end());
  return settings;
}

}  // namespace outboxd::config
