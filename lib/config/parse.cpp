// SPDX-License-Identifier: Apache-2.0
#include "config/parse.hpp"

#include "config/nearest.hpp"
#include "config/parse_parts.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <utility>
#include <vector>

namespace outboxd::config {
namespace {

Checked<Value> bounded(const Option& option, const Checked<std::int64_t>& number, Unit unit) {
  if (!number.value) {
    const bool too_large = number.problem == "is too large";
    return {.problem = too_large ? out_of_bounds(option, option.max + 1, unit) : number.problem};
  }
  if (std::string problem = out_of_bounds(option, *number.value, unit); !problem.empty()) return {.problem = problem};
  return {.value = *number.value};
}

Checked<std::int64_t> read_number(const Option& option, std::string_view text, Unit unit) {
  if (unit != Unit::own) {
    Checked<std::int64_t> number = parse_integer(text);
    const std::string unit_name = unit == Unit::milliseconds ? "milliseconds" : "seconds";
    if (number.problem == "is not a whole number") {
      return {.problem = "must be a plain number of " + unit_name + ", without a unit"};
    }
    // Whatever could overflow is out of bounds as it is.
    const bool fits = number.value && *number.value >= -option.max && *number.value <= option.max;
    if (fits) *number.value *= factor_of(unit);
    return number;
  }
  if (option.kind == Kind::duration) return parse_duration(text);
  return option.kind == Kind::size ? parse_size(text) : parse_integer(text);
}

Checked<Value> read_choice(const Option& option, std::string_view text) {
  const std::string wanted = lower(trim(text));
  const std::vector<std::string> known = choices_of(option);
  for (const std::string& word : known) {
    if (word == wanted) return {.value = word};
  }
  for (const std::string_view pair : split(option.aliases, '|')) {
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == wanted) {
      return {.value = std::string(pair.substr(equals + 1))};
    }
  }
  std::string list;
  for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
  return {.problem = "must be one of " + list + did_you_mean(nearest_word(wanted, known))};
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

Checked<Value> read_limits(const Option& option, std::string_view text) {
  StreamLimits limits;
  if (trim(text).empty()) return {.value = limits};
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.rfind('=');
    if (equals == std::string_view::npos) return {.problem = "must be a list such as stream-a=1000,stream-b=5"};
    const std::string stream(trim(part.substr(0, equals)));
    if (stream.empty()) return {.problem = kEmptyStream};
    const Checked<Value> number = bounded(option, parse_integer(trim(part.substr(equals + 1))), Unit::own);
    if (!number.value) return {.problem = "the number of " + echoed(stream) + " " + number.problem};
    const auto bound = static_cast<std::uint64_t>(std::get<std::int64_t>(*number.value));
    if (!limits.emplace(stream, bound).second) return {.problem = "names " + echoed(stream) + " twice"};
  }
  return {.value = std::move(limits)};
}

Checked<Value> read_names(const Option& option, std::string_view text) {
  Names names;
  if (trim(text).empty()) return {.value = names};
  for (const std::string_view part : split(text, ',')) {
    const bool of_streams = option.choices.empty();
    const auto equals = of_streams ? part.rfind('=') : part.find('=');
    if (equals == std::string_view::npos) {
      return {.problem = std::string("must be a list such as ") +
                         (of_streams ? "stream-a=exact,stream-b=approximate" : "id=event_id,stream=topic")};
    }
    const std::string role(trim(part.substr(0, equals)));
    if (std::string problem = wrong_role(option, role); !problem.empty()) return {.problem = std::move(problem)};
    if (!names.emplace(role, trim(part.substr(equals + 1))).second) return {.problem = "names " + role + " twice"};
  }
  return {.value = std::move(names)};
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
      return read_limits(option, text);
    case Kind::names:
      return read_names(option, text);
    default:
      return bounded(option, read_number(option, text, unit), unit);
  }
}

}  // namespace

std::optional<Value> parse_text(const Option& option, std::string_view text, Unit unit, const Origin& origin,
                                Problems& problems) {
  Checked<Value> result = read_text(option, text, unit);
  if (result.value) result.problem = failed_check(option, *result.value);
  if (!result.problem.empty()) result.value.reset();
  if (!result.value) {
    const bool number = !text.empty() && text.find_first_not_of("-.0123456789") == std::string_view::npos;
    const std::string shown = number ? std::string(text.substr(0, 40)) : echoed(text);
    problems.push_back({origin, sentence(option, shown, result.problem)});
  }
  return std::move(result.value);
}

}  // namespace outboxd::config
