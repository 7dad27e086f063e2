// SPDX-License-Identifier: Apache-2.0
// Settings, problems and the option table as readable text: `config show`, --help and SETTINGS.md.
#include "config/render.hpp"

#include "config/options.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace outboxd::config {
namespace {

const char* word_of(Origin::Kind kind) {
  constexpr std::array kWords{"", "default", "profile ", "file ", "environment ", "flag "};
  return kWords.at(static_cast<std::size_t>(kind));
}

constexpr const char* kDash = "–";

template <class Items, class Show>
std::string joined(const Items& items, const Show& show) {
  std::string result;
  for (const auto& item : items) result += (result.empty() ? "" : ", ") + show(item);
  return result;
}

/// As an inline table that toml_streams.cpp reads.
std::string literal(const topology::Streams& streams, const std::string& sign) {
  const auto group = [&](const topology::Group& it) {
    return "{" + in_quotes("name") + sign + in_quotes(it.name) + ", " + in_quotes("start") + sign +
           in_quotes(it.start) + ", " + in_quotes("optional") + sign + (it.optional ? "true}" : "false}");
  };
  const auto stream = [&](const auto& pair) {
    const auto& [name, it] = pair;
    return in_quotes(name) + sign + "{" +
           (it.maxlen ? in_quotes("maxlen") + sign + std::to_string(*it.maxlen) + ", " : "") + in_quotes("groups") +
           sign + "[" + joined(it.groups, group) + "], " + in_quotes("dead_letter") + sign +
           (it.dead_letter ? "true}" : "false}");
  };
  return "{" + joined(streams, stream) + "}";
}

/// In TOML or in JSON, which differ in the `sign` between a key and its value.
std::string literal(const Option& option, const Value& value, const std::string& sign) {
  const auto* const text = std::get_if<std::string>(&value);
  if (text != nullptr) return option.choices == kTrueOrFalse ? *text : in_quotes(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return "[" + joined(*list, in_quotes) + "]";
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    const std::string shown = show_number(option, *number);
    return std::ranges::all_of(shown, is_digit) ? shown : in_quotes(shown);
  }
  if (const auto* streams = std::get_if<topology::Streams>(&value)) return literal(*streams, sign);
  const auto name = [&](const auto& pair) { return in_quotes(pair.first) + sign + in_quotes(pair.second); };
  const auto limit = [&](const auto& pair) { return in_quotes(pair.first) + sign + std::to_string(pair.second); };
  const auto* const names = std::get_if<Names>(&value);
  return "{" + (names != nullptr ? joined(*names, name) : joined(std::get<StreamLimits>(value), limit)) + "}";
}

/// A setting's place in the file: an entry's connections are tables inside of it.
std::string section_of(const Effective& item, const Option& option) {
  if (!item.dispatcher) return option.section();
  return option.of_connection() ? "dispatcher." + option.section() : "dispatcher";
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

/// The names that both profiles read, then the names of only one profile.
std::string environment_cell(const Option& option) {
  const auto named = [](const EnvName& env) {
    const char* const unit = env.unit == Unit::milliseconds ? " (ms)" : env.unit == Unit::seconds ? " (s)" : "";
    return code(env.name) + unit;
  };
  const auto of = [&](auto... readers) {
    std::vector<EnvName> list;
    for (const EnvName& env : option.shared_env) {
      if (((env.readers == readers) || ...)) list.push_back(env);
    }
    return joined(list, named);
  };
  const std::string all = of(Readers::all);
  const std::string api = of(Readers::api, Readers::api_alone);
  const std::string coordinator = of(Readers::coordinator);
  if (option.kind == Kind::streams) return kDash;
  return code(option.own_env()) + (all.empty() ? "" : ", " + all) + (api.empty() ? "" : "; api: " + api) +
         (coordinator.empty() ? "" : "; coordinator: " + coordinator);
}

std::string default_cell(const Option& option) {
  const std::string api = code(option.default_api);
  const std::string coordinator = code(option.default_coordinator);
  if (api.empty()) return kDash;
  return api == coordinator ? api : api + " / " + coordinator;
}

std::string meaning_cell(const Option& option) {
  const std::string choices = listed(split(option.choices, '|'));
  const std::string range = option.range();
  return option.help + (choices.empty() ? "" : " (" + choices + ")") + (range.empty() ? "" : " (" + range + ")");
}

}  // namespace

std::string Origin::shown() const {
  std::string text = word_of(kind);
  if (kind > Kind::defaults) text += name;
  if (kind == Kind::file && line > 0) text += ":" + std::to_string(line);
  return read_from.empty() ? text : text + ", read from " + read_from;
}

std::string Problem::shown() const {
  if (where.kind < Origin::Kind::file) return text;
  std::string place = (where.kind == Origin::Kind::file ? "" : word_of(where.kind)) + where.name;
  if (where.line > 0) place += ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
  return place + ": " + text;
}

std::string render_show(const Loaded& loaded) {
  std::string result;
  std::string section;
  std::optional<std::size_t> dispatcher;
  for (const Effective& item : loaded.effective) {
    const Option& option = *find_option(item.path);
    if (item.dispatcher != dispatcher) {
      dispatcher = item.dispatcher;
      section = "dispatcher";
      result += "\n[[dispatcher]]\n";
    }
    if (const std::string of = section_of(item, option); of != section) {
      section = of;
      result += "\n[" + section + "]\n";
    }
    if (item.value) {
      result += option.key() + " = " + literal(option, *item.value, " = ") + "  # " +
                without_control_characters(item.origin.shown()) + "\n";
    } else {
      result += "# " + option.key() + " is not set\n";
    }
  }
  return result;
}

std::string render_show_json(const Loaded& loaded) {
  std::string result;
  for (const Effective& item : loaded.effective) {
    result += result.empty() ? "[\n  {" : ",\n  {";
    if (item.dispatcher) {
      const std::string& name = loaded.dispatchers[*item.dispatcher].dispatcher.name;
      result += "\"dispatcher\": " + in_quotes(name) + ", ";
    }
    const std::string value = item.value ? literal(*find_option(item.path), *item.value, ": ") : "null";
    const std::string origin = item.value ? in_quotes(item.origin.shown()) : "null";
    result.append("\"setting\": ").append(in_quotes(item.path));
    result.append(", \"value\": ").append(value).append(", \"origin\": ").append(origin).append("}");
  }
  return result + "\n]\n";
}

std::string render_problems(const Problems& problems) {
  std::string result;
  for (const Problem& problem : problems) result += problem.shown() + "\n";
  return result;
}

std::string render_help_table(Profile profile) {
  constexpr std::size_t kWidestColumn = 40;
  std::size_t width = 0;
  const auto left = [](const Option& option) { return "  " + option.flag() + " " + option.value_name(); };
  for (const Option& option : options()) {
    if (!option.flag().empty() && left(option).size() <= kWidestColumn) width = std::max(width, left(option).size());
  }
  std::string result;
  for (const Option& option : options()) {
    if (option.flag().empty()) continue;
    std::string line = left(option);
    if (line.size() > width) {
      result += line + "\n";
      line.clear();
    }
    line.resize(width + 2, ' ');
    line += option.help;
    if (!option.range().empty()) line += ", " + option.range();
    if (!option.default_text(profile).empty()) line += " [" + option.default_text(profile) + "]";
    result += line + "\n";
  }
  return result;
}

std::string render_markdown_table() {
  std::string result =
      "| setting | default (api / coordinator) | environment | flag | meaning |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const Option& option : options()) {
    const std::string flag = option.flag().empty() ? kDash : code(option.flag());
    result += "| " + code(option.path) + " | " + default_cell(option) + " | " + environment_cell(option) + " | " +
              flag + " | " + meaning_cell(option) + " |\n";
  }
  return result;
}

}  // namespace outboxd::config
