// SPDX-License-Identifier: Apache-2.0
#include "config/render.hpp"

#include "config/options.hpp"
#include "config/text.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace outboxd::config {
namespace {

constexpr const char* kDispatcher = "dispatcher";

enum class Notation { toml, json };

template <class Items, class Show>
std::string joined(const Items& items, const Show& show) {
  std::string result;
  for (const auto& item : items) result += (result.empty() ? "" : ", ") + show(item);
  return result;
}

std::string literal(const Option& option, const Value& value, Notation notation) {
  if (const auto* text = std::get_if<std::string>(&value)) return in_quotes(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    const std::string shown = show_number(option, *number);
    return shown.find_first_not_of("0123456789") == std::string::npos ? shown : in_quotes(shown);
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return "[" + joined(*list, in_quotes) + "]";
  const std::string_view sign = notation == Notation::toml ? " = " : ": ";
  const auto name = [&](const auto& pair) {
    return in_quotes(pair.first) + std::string(sign) + in_quotes(pair.second);
  };
  const auto limit = [&](const auto& pair) {
    return in_quotes(pair.first) + std::string(sign) + std::to_string(pair.second);
  };
  if (const auto* names = std::get_if<Names>(&value)) return "{" + joined(*names, name) + "}";
  return "{" + joined(std::get<StreamLimits>(value), limit) + "}";
}

/// Where a setting stands in the file: of an entry, its connections are tables inside of it.
std::string section_of(const Effective& item, const Option& option) {
  std::string section = option.section();
  if (!item.dispatcher) return section;
  return section.empty() || section == kDispatcher ? kDispatcher : std::string(kDispatcher) + "." + section;
}

}  // namespace

std::string render_show(const Loaded& loaded) {
  std::string result;
  std::string section;
  std::optional<std::size_t> dispatcher;
  for (const Effective& item : loaded.effective) {
    const Option& option = *find_option(item.path);
    if (item.dispatcher != dispatcher) {
      dispatcher = item.dispatcher;
      section = kDispatcher;
      result += "\n[[dispatcher]]\n";
    }
    if (const std::string of = section_of(item, option); of != section) {
      section = of;
      result += "\n[" + section + "]\n";
    }
    if (item.value) {
      result += option.key() + " = " + literal(option, *item.value, Notation::toml) + "  # " +
                without_control_characters(item.origin.shown()) + "\n";
    } else {
      result += "# " + option.key() + " is not set\n";
    }
  }
  return result;
}

std::string render_show_json(const Loaded& loaded) {
  const auto object = [&](const Effective& item) {
    std::string of;
    if (item.dispatcher) {
      of = "\"dispatcher\": " + in_quotes(loaded.dispatchers[*item.dispatcher].dispatcher.name) + ", ";
    }
    const std::string value = item.value ? literal(*find_option(item.path), *item.value, Notation::json) : "null";
    const std::string origin = item.value ? in_quotes(item.origin.shown()) : "null";
    return "\n  {" + of + "\"setting\": " + in_quotes(item.path) + ", \"value\": " + value +
           ", \"origin\": " + origin + "}";
  };
  std::string result = "[";
  for (const Effective& item : loaded.effective) result += (result.size() > 1 ? "," : "") + object(item);
  return result + "\n]\n";
}

std::string render_problems(const Problems& problems) {
  std::string result;
  for (const Problem& problem : problems) result += problem.shown() + "\n";
  return result;
}

}  // namespace outboxd::config
