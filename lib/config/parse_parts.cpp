// SPDX-License-Identifier: Apache-2.0
#include "config/parse_parts.hpp"

#include "config/nearest.hpp"
#include "config/text.hpp"

namespace outboxd::config {

std::string sentence(const Option& option, const std::string& shown_value, const std::string& reason) {
  const std::string value =
      option.secret || !option.file_of.empty() || shown_value.empty() ? "" : " = " + shown_value;
  return option.path + value + ": " + reason;
}

std::int64_t factor_of(Unit unit) {
  return unit == Unit::seconds ? 1'000 : 1;
}

std::string out_of_bounds(const Option& option, std::int64_t number, Unit unit) {
  if (number >= option.min && number <= option.max) return "";
  const char* const name = unit == Unit::milliseconds ? " milliseconds" : unit == Unit::seconds ? " seconds" : "";
  const auto shown = [&](std::int64_t bound) {
    return unit == Unit::own ? show_number(option, bound) : std::to_string(bound / factor_of(unit));
  };
  return "must be between " + shown(option.min) + " and " + shown(option.max) + name;
}

std::vector<std::string> choices_of(const Option& option) {
  std::vector<std::string> result;
  for (const std::string_view word : split(option.choices, '|')) result.emplace_back(word);
  return result;
}

std::string wrong_role(const Option& option, std::string_view role) {
  if (option.choices.empty()) return role.empty() ? kEmptyStream : "";
  const std::vector<std::string> known = choices_of(option);
  for (const std::string& word : known) {
    if (word == role) return "";
  }
  std::string near = nearest_word(role, known);
  if (!near.empty()) return "unknown role " + echoed(role) + did_you_mean(near);
  std::string list;
  for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
  return "unknown role " + echoed(role) + ": the roles are " + list;
}

std::string failed_check(const Option& option, const Value& value) {
  return option.check == nullptr ? "" : option.check(value);
}

}  // namespace outboxd::config
