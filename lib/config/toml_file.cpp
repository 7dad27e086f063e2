// SPDX-License-Identifier: Apache-2.0
// Reads the configuration file.
#include "config/file_text.hpp"
#include "config/layers.hpp"
#include "config/nearest.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/toml_nodes.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::config {
namespace {

constexpr std::size_t kLargestFile = 1'048'576;

/// toml++ quotes the text of an error, which may be a secret written without quotes: only single characters, also as
/// an escape such as \n, words of TOML itself and the names of keys are kept.
std::string without_values(std::string_view description) {
  const auto is_harmless = [](std::string_view quoted) {
    const bool escape = quoted.size() == 2 && quoted.front() == '\\';
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    return escape || std::ranges::count_if(quoted, begins_character) <= 1 || is_one_of("true false inf nan", quoted);
  };
  const bool names_a_key = description.find("redefine") != std::string_view::npos;
  std::string result;
  while (true) {
    const auto open = description.find('\'');
    const auto close = description.find('\'', open + 1);
    if (close == std::string_view::npos) return without_control_characters(result.append(description));
    const std::string_view inside = description.substr(open + 1, close - open - 1);
    result.append(description.substr(0, open + 1));
    result.append(names_a_key || is_harmless(inside) ? inside : "…").append("'");
    description.remove_prefix(close + 1);
  }
}

/// The place of the keys that are being walked: the top of the file, or a [[dispatcher]] entry.
struct Scope {
  FileSettings& settings;
  /// Null at the top.
  FileEntry* entry = nullptr;
  /// The prefix of the sections in messages.
  std::string prefix{};
  std::vector<std::string> sections{};

  /// The option's path of a key. An entry's profile and connections stand outside of [dispatcher] otherwise.
  [[nodiscard]] std::string option_path(const std::string& path) const {
    const std::string inner = path.substr(prefix.size());
    return inner == "profile" || inner.find('.') != std::string::npos ? inner : path;
  }

  /// The reverse, for options that an entry may have.
  [[nodiscard]] std::string shown_path(const std::string& path) const {
    const Option* const option = find_option(path);
    const bool moved = option != nullptr && option->of_dispatcher() && !option->path.starts_with("dispatcher.");
    return (moved ? prefix : "") + path;
  }
};

const char* wanted_node(const Option& option) {
  switch (option.kind) {
    case Kind::integer:
      return "an integer";
    case Kind::size:
      return "a string such as \"16MiB\", or an integer";
    case Kind::duration:
      return "a string with a unit such as \"250ms\"";
    default:
      return option.choices == kTrueOrFalse ? "true or false" : "a string";
  }
}

/// Walks a file's tables, whose keys are either settings or sections.
class FileReader {
 public:
  FileReader(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  FileSettings read(const toml::table& root) {
    FileSettings settings;
    Scope top{settings};
    for (const Option& option : options()) {
      const auto section = option.section();
      // A name that stood there twice would complete no word.
      if (!section.empty() && !std::ranges::count(top.sections, section)) top.sections.push_back(section);
    }
    for (const auto& [key, node] : children_of(root)) {
      const bool are_entries = key->str() == "dispatcher" && node->is_array();
      are_entries ? read_entries(*key, *node->as_array(), settings) : read_key(*key, *node, "", top);
    }
    resolve_pairs(settings.shared, settings.warnings);
    return settings;
  }

 private:
  [[nodiscard]] Origin place_of(const toml::source_region& source) const {
    return {Origin::Kind::file, file_, source.begin.line, source.begin.column};
  }

  void add(const toml::source_region& source, std::string text) {
    problems_.push_back({place_of(source), std::move(text)});
  }

  void read_entries(const toml::key& key, const toml::array& array, FileSettings& settings) {
    if (array.empty()) {
      add(key.source(), "dispatcher: is an empty array: write a [[dispatcher]] for each dispatcher, or leave it out");
    }
    for (const toml::node& element : array) {
      if (!element.is_table()) {
        add(element.source(), "dispatcher: must be a table, or an array of tables ([[dispatcher]]), has " +
                                  describe(element) + " in it");
        continue;
      }
      FileEntry& entry = settings.dispatchers.emplace_back();
      entry.place = place_of(element.source());
      const Scope scope{settings, &entry, "dispatcher.", {"postgres", "redis"}};
      read_table(*element.as_table(), scope.prefix, scope);
      resolve_pairs(entry.own, settings.warnings);
    }
  }

  void read_table(const toml::table& table, const std::string& prefix, const Scope& scope) {
    for (const auto& [key, node] : children_of(table)) read_key(*key, *node, prefix, scope);
  }

  void read_key(const toml::key& key, const toml::node& node, const std::string& prefix, const Scope& scope) {
    // A key that was written with a dot in quotes is one word, not a path; one with a line's end stays on one line.
    const std::string quoted = in_quotes(key.str());
    const bool plain = key.str().find('.') == std::string::npos && quoted.size() == key.str().size() + 2;
    const std::string path = prefix + (plain ? std::string(key.str()) : quoted);
    const Option* const option = find_option(scope.option_path(path));
    if (option != nullptr && (scope.entry == nullptr || option->of_dispatcher())) {
      Origin place = place_of(node.source());
      place.own = scope.entry != nullptr && option->of_connection();
      Layer& layer = scope.entry == nullptr ? scope.settings.shared
                     : place.own            ? scope.entry->own
                                            : scope.entry->settings;
      layer[option->path] = {read_value(*option, node), place};
    } else if (std::ranges::count(scope.sections, path.substr(scope.prefix.size())) == 0) {
      add_unknown(key, path, node.is_table(), scope);
    } else if (node.is_table()) {
      read_table(*node.as_table(), path + ".", scope);
    } else {
      const std::string remedy = node.is_array() ? " (write [" + path + "], not [[" + path + "]])" : "";
      add(key.source(), path + ": must be a table, is " + describe(node) + remedy);
    }
  }

  void add_unknown(const toml::key& key, const std::string& path, bool is_section, const Scope& scope) {
    const std::string meant = scope.option_path(path);
    std::string near = is_section ? nearest_word(key.str(), scope.sections) : "";
    near = near.empty() ? nearest_path(meant.find('"') == std::string::npos ? meant : std::string(key.str()))
                        : scope.prefix + near;
    add(key.source(),
        std::string("unknown ") + (is_section ? "section " : "key ") + path + did_you_mean(scope.shown_path(near)));
  }

  std::optional<Value> read_value(const Option& option, const toml::node& node) {
    if (option.kind == Kind::list) return read_list(option, node);
    if (option.kind == Kind::limits || option.kind == Kind::names) return read_pairs(option, node);
    if (option.kind == Kind::streams) {
      return read_streams(option, node, [this](const auto& source, const std::string& text) { add(source, text); });
    }
    if (const auto* const integer = node.as_integer()) {
      const std::string number = std::to_string(integer->get());
      if (option.kind == Kind::duration) {
        return fail(option, node, "needs quotes and a unit: \"" + number + "ms\" or \"" + number + "s\"", number);
      }
      if (option.kind == Kind::integer || option.kind == Kind::size) {
        const std::string problem = out_of_bounds(option, integer->get());
        if (!problem.empty()) return fail(option, node, problem, number);
        return integer->get();
      }
    }
    const auto* const text = node.as_string();
    if (text != nullptr && option.kind != Kind::integer) {
      return parse_text(option, text->get(), Unit::own, place_of(node.source()), problems_);
    }
    if (option.choices == kTrueOrFalse && node.is_boolean()) return node.ref<bool>() ? "true" : "false";
    return fail(option, node, std::string("must be ") + wanted_node(option) + ", is " + describe(node));
  }

  std::nullopt_t fail(const Option& option, const toml::node& node, const std::string& reason,
                      const std::string& shown = "") {
    add(node.source(), sentence(option, shown, reason));
    return std::nullopt;
  }

  std::optional<Value> read_list(const Option& option, const toml::node& node) {
    if (!node.is_array()) return fail(option, node, "must be an array of strings, is " + describe(node));
    std::vector<std::string> names;
    for (const toml::node& element : *node.as_array()) {
      const auto* const name = element.as_string();
      if (name == nullptr) {
        fail(option, element, "must be an array of strings, has " + describe(element) + " in it");
      } else if (name->get().empty()) {
        fail(option, element, kEmptyStream);
      } else {
        names.push_back(name->get());
      }
    }
    if (names.size() != node.as_array()->size()) return std::nullopt;
    return names;
  }

  std::optional<Value> read_pairs(const Option& option, const toml::node& node) {
    const bool of_limits = option.kind == Kind::limits;
    if (!node.is_table()) {
      const std::string pair = of_limits                ? "stream = number"
                               : option.choices.empty() ? "stream = \"word\""
                                                        : "role = \"name\"";
      return fail(option, node, "must be a table of " + pair + ", is " + describe(node));
    }
    StreamLimits limits;
    Names names;
    for (const auto& [key, child] : children_of(*node.as_table())) {
      const std::string name{key->str()};
      if (std::string problem = wrong_pair(option, name, *child); !problem.empty()) {
        fail(option, *child, problem);
      } else if (of_limits) {
        limits.emplace(name, static_cast<std::uint64_t>(child->as_integer()->get()));
      } else {
        names.emplace(name, child->as_string()->get());
      }
    }
    if (limits.size() + names.size() != node.as_table()->size()) return std::nullopt;
    if (of_limits) return limits;
    if (const std::string problem = failed_check(option, names); !problem.empty()) return fail(option, node, problem);
    return names;
  }

  static std::string wrong_pair(const Option& option, const std::string& key, const toml::node& node) {
    if (std::string problem = wrong_key(option, key); !problem.empty()) return problem;
    const bool of_limits = option.kind == Kind::limits;
    const bool of_streams = option.choices.empty();
    const std::string what = of_limits    ? "the number of " + echoed(key)
                             : of_streams ? "the word for " + echoed(key)
                                          : "the name for " + key;
    if (of_limits ? !node.is_integer() : !node.is_string()) {
      const char* const remedy = of_streams && node.is_table() ? ": a stream name with dots stands in quotes" : "";
      return what + " must be " + (of_limits ? "an integer" : "a string") + ", is " + describe(node) + remedy;
    }
    const std::string problem = of_limits ? out_of_bounds(option, node.as_integer()->get()) : "";
    if (problem.empty()) return "";
    return what + " is " + std::to_string(node.as_integer()->get()) + ": it " + problem;
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
  try {
    Problems found;
    FileSettings settings = FileReader(file, found).read(toml::parse(*text.value, file));
    std::ranges::stable_sort(found, {}, [](const Problem& it) { return std::pair(it.where.line, it.where.column); });
    problems.insert(problems.end(), found.begin(), found.end());
    return settings;
  } catch (const toml::parse_error& error) {
    std::string message = without_values(error.description());
    if (message.find("determine value type") != std::string::npos) message += " (text stands in quotes)";
    const toml::source_position place = error.source().begin;
    problems.push_back({{Origin::Kind::file, file, place.line, place.column}, "not valid TOML: " + message});
    return {};
  }
}

}  // namespace outboxd::config
