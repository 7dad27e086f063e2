// SPDX-License-Identifier: Apache-2.0
#include "config/parse.hpp"

#include "config/nearest.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace outboxd::config {
namespace {

Checked<Value> bounded(const Option& option, const Checked<std::int64_t>& number, Unit unit = Unit::own) {
  const bool too_large = number.problem == "is too large";
  if (!number.value && !too_large) return {.problem = number.problem};
  std::string problem = out_of_bounds(option, number.value.value_or(option.max + 1), unit);
  if (!problem.empty()) return {.problem = std::move(problem)};
  return {.value = *number.value};
}

Checked<std::int64_t> read_number(const Option& option, std::string_view text, Unit unit) {
  if (unit == Unit::own && option.kind == Kind::duration) return parse_duration(text);
  if (unit == Unit::own && option.kind == Kind::size) return parse_size(text);
  Checked<std::int64_t> number = parse_integer(text);
  if (unit == Unit::own) return number;
  if (number.problem == "is not a whole number") {
    const char* const name = unit == Unit::milliseconds ? "milliseconds" : "seconds";
    return {.problem = std::string("must be a plain number of ") + name + ", without a unit"};
  }
  // A number that could overflow is out of bounds anyway.
  const bool fits = number.value && *number.value >= -option.max && *number.value <= option.max;
  if (fits) *number.value *= factor_of(unit);
  return number;
}

Checked<Value> read_choice(const Option& option, std::string_view text) {
  const std::string wanted = lower(trim(text));
  const auto known = split(option.choices, '|');
  if (std::ranges::find(known, wanted) != known.end()) return {.value = wanted};
  if (const auto other = meaning_of(wanted, option.aliases); !other.empty()) return {.value = std::string(other)};
  return {.problem =
              "must be one of " + listed(known) + did_you_mean(nearest_word(wanted, {known.begin(), known.end()}))};
}

Checked<Value> read_list(std::string_view text) {
  std::vector<std::string> names;
  if (trim(text).empty()) return {.value = names};
  for (const std::string_view part : split(text, ',')) {
    if (trim(part).empty()) return {.problem = kEmptyStream};
    names.emplace_back(trim(part));
  }
  return {.value = std::move(names)};
}

/// Limits or names. A role ends at the first '=', a stream's name at the last.
Checked<Value> read_pairs(const Option& option, std::string_view text) {
  const bool of_roles = !option.choices.empty();
  const bool of_limits = option.kind == Kind::limits;
  StreamLimits limits;
  Names names;
  for (const std::string_view part : split(text, ',')) {
    if (trim(text).empty()) break;
    const auto equals = of_roles ? part.find('=') : part.rfind('=');
    if (equals == std::string_view::npos) {
      return {.problem =
                  std::string("must be a list such as ") + (of_roles    ? "id=event_id,stream=topic"
                                                            : of_limits ? "stream-a=1000,stream-b=5"
                                                                        : "stream-a=exact,stream-b=approximate")};
    }
    const std::string key(trim(part.substr(0, equals)));
    const std::string_view value = trim(part.substr(equals + 1));
    if (std::string problem = wrong_key(option, key); !problem.empty()) return {.problem = std::move(problem)};
    if (of_limits) {
      const Checked<Value> number = bounded(option, parse_integer(value));
      if (!number.value) return {.problem = "the number of " + echoed(key) + " " + number.problem};
      limits.emplace(key, static_cast<std::uint64_t>(std::get<std::int64_t>(*number.value)));
    }
    if (!names.emplace(key, value).second) return {.problem = "names " + echoed(key) + " twice"};
  }
  return {.value = of_limits ? Value(std::move(limits)) : Value(std::move(names))};
}

Checked<Value> read_text(const Option& option, std::string_view text, Unit unit) {
  if (!is_utf8(text)) return {.problem = "is not UTF-8 text"};
  switch (option.kind) {
    case Kind::text:
      return {.value = std::string(text)};
    case Kind::choice:
      return read_choice(option, text);
    case Kind::list:
      return read_list(text);
    case Kind::limits:
    case Kind::names:
      return read_pairs(option, text);
    default:
      return bounded(option, read_number(option, text, unit), unit);
  }
}

}  // namespace

std::optional<Value> parse_text(const Option& option, std::string_view text, Unit unit, const Origin& origin,
                                Problems& problems) {
  Checked<Value> result = read_text(option, text, unit);
  if (result.value) result.problem = failed_check(option, *result.value);
  if (result.problem.empty()) return std::move(result.value);
  const bool is_number = !text.empty() && text.find_first_not_of("-.0123456789") == std::string_view::npos;
  problems.push_back(
      {origin, sentence(option, is_number ? std::string(text.substr(0, 40)) : echoed(text), result.problem)});
  return std::nullopt;
}

std::string out_of_bounds(const Option& option, std::int64_t number, Unit unit) {
  if (number >= option.min && number <= option.max) return "";
  const char* const name = unit == Unit::milliseconds ? " milliseconds" : unit == Unit::seconds ? " seconds" : "";
  const auto shown = [&](std::int64_t bound) {
    return unit == Unit::own ? show_number(option, bound) : std::to_string(bound / factor_of(unit));
  };
  return "must be between " + shown(option.min) + " and " + shown(option.max) + name;
}

std::string wrong_key(const Option& option, std::string_view key) {
  if (option.choices.empty()) return key.empty() ? kEmptyStream : "";
  const auto known = split(option.choices, '|');
  if (std::ranges::find(known, key) != known.end()) return "";
  const std::string near = nearest_word(key, {known.begin(), known.end()});
  return "unknown role " + echoed(key) + (near.empty() ? ": the roles are " + listed(known) : did_you_mean(near));
}

std::string failed_check(const Option& option, const Value& value) {
  return option.check ? option.check(value) : "";
}

std::string sentence(const Option& option, const std::string& shown_value, const std::string& reason) {
  const bool is_hidden = option.secret || !option.file_of.empty() || shown_value.empty();
  return option.path + (is_hidden ? "" : " = " + shown_value) + ": " + reason;
}

std::int64_t factor_of(Unit unit) {
  return unit == Unit::seconds ? 1'000 : 1;
}

}  // namespace outboxd::config
