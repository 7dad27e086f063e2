// SPDX-License-Identifier: Apache-2.0
// The option table for people: --help and SETTINGS.md.
#include "config/options.hpp"
#include "config/render.hpp"

#include <algorithm>

namespace outboxd::config {
namespace {

constexpr const char* kNone = "–";

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

std::string names(const std::vector<EnvName>& list) {
  std::string result;
  for (const EnvName& env : list) {
    const char* const unit = env.unit == Unit::milliseconds ? " (ms)" : env.unit == Unit::seconds ? " (s)" : "";
    result += (result.empty() ? "" : ", ") + code(env.name) + unit;
  }
  return result;
}

/// The names that both profiles read, then those that only one does.
std::string environment_cell(const Option& option) {
  const auto of = [&](Readers readers) {
    std::vector<EnvName> list;
    if (readers == Readers::all) list.push_back({option.own_env()});
    for (const EnvName& env : option.shared_env) {
      const bool only_alone = readers == Readers::api && env.readers == Readers::api_alone;
      if (env.readers == readers || only_alone) list.push_back(env);
    }
    return names(list);
  };
  std::string cell = of(Readers::all);
  const std::string api = of(Readers::api);
  const std::string coordinator = of(Readers::coordinator);
  if (!api.empty()) cell += "; api: " + api;
  if (!coordinator.empty()) cell += "; coordinator: " + coordinator;
  return cell;
}

std::string default_cell(const Option& option) {
  const std::string api = code(option.default_text(Profile::api));
  const std::string coordinator = code(option.default_text(Profile::coordinator));
  if (api.empty()) return kNone;
  return api == coordinator ? api : api + " / " + coordinator;
}

std::string with_range(const Option& option) {
  std::string text = option.help;
  std::string choices = option.choices;
  for (auto bar = choices.find('|'); bar != std::string::npos; bar = choices.find('|', bar + 2)) {
    choices.replace(bar, 1, ", ");
  }
  if (!choices.empty()) text += " (" + choices + ")";
  if (!option.range().empty()) text += " (" + option.range() + ")";
  return text;
}

}  // namespace

std::string render_help_table(Profile profile) {
  std::size_t width = 0;
  const auto left = [](const Option& option) { return "  " + option.flag() + " " + option.value_name(); };
  constexpr std::size_t kWidestColumn = 40;
  for (const Option& option : options()) {
    if (!option.secret && left(option).size() <= kWidestColumn) width = std::max(width, left(option).size());
  }
  std::string result;
  for (const Option& option : options()) {
    if (option.secret) continue;
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
    const std::string flag = option.secret ? kNone : code(option.flag());
    result += "| " + code(option.path) + " | " + default_cell(option) + " | " + environment_cell(option) + " | " +
              flag + " | " + with_range(option) + " |\n";
  }
  return result;
}

}  // namespace outboxd::config
