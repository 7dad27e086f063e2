// SPDX-License-Identifier: Apache-2.0
#include "config/parse.hpp"

#include "config/nearest.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <utility>
#include <vector>

namespace outboxd::config {
namespace {

constexpr const char* kEmptyStream = "has an empty stream name";

/// "dispatcher.batch = 0: must be …"; a secret's value stays out of it.
std::string sentence(const Option& option, const std::string& shown_value, const std::string& reason) {
  const std::string value =
      option.secret || !option.file_of.empty() || shown_value.empty() ? "" : " = " + shown_value;
  return option.path + value + ": " + reason;
}

std::int64_t factor_of(Unit unit) {
  return unit == Unit::seconds ? 1'000 : 1;
}

/// "" if the number is within the option's bounds, which are stated in the notation that was used.
std::string out_of_bounds(const Option& option, std::int64_t number, Unit unit) {
  if (number >= option.min && number <= option.max) return "";
  const char* const name = unit == Unit::milliseconds ? " milliseconds" : unit == Unit::seconds ? " seconds" : "";
  const auto shown = [&](std::int64_t bound) {
    return unit == Unit::own ? show_number(option, bound) : std::to_string(bound / factor_of(unit));
  };
  return "must be between " + shown(option.min) + " and " + shown(option.max) + name;
}

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
    if (!number.value && number.problem != "is too large") {
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

std::vector<std::string> words(const std::string& choices) {
  std::vector<std::string> result;
  for (const std::string_view word : split(choices, '|')) result.emplace_back(word);
  return result;
}

Checked<Value> read_choice(const Option& option, std::string_view text) {
  const std::string wanted = lower(text);
  const std::vector<std::string> known = words(option.choices);
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
    default:
      return bounded(option, read_number(option, text, unit), unit);
  }
}

void run_check(const Option& option, Checked<Value>& result) {
  if (!result.value || option.check == nullptr) return;
  result.problem = option.check(*result.value);
  if (!result.problem.empty()) result.value.reset();
}

/// Reads one TOML value; collects what is wrong with it.
class NodeReader {
 public:
  NodeReader(const Option& option, const std::string& file, Problems& problems)
      : option_(option), file_(file), problems_(problems) {}

  std::optional<Value> read(const TomlNode& node) {
    switch (option_.kind) {
      case Kind::list:
        return read_array(node);
      case Kind::limits:
        return read_table(node);
      case Kind::integer:
        return read_integer(node);
      case Kind::size:
        if (node.type == TomlType::integer) return read_integer(node);
        return read_string(node, "a string such as \"16MiB\", or an integer");
      case Kind::duration:
        if (node.type == TomlType::integer) {
          const std::string number = std::to_string(node.integer);
          return fail(node, number, "needs quotes and a unit: \"" + number + "ms\" or \"" + number + "s\"");
        }
        return read_string(node, "a string with a unit such as \"250ms\"");
      default:
        return read_string(node, "a string");
    }
  }

 private:
  std::nullopt_t fail(const TomlNode& node, const std::string& shown, const std::string& reason) {
    problems_.push_back({{Origin::Kind::file, file_, node.line, node.column}, sentence(option_, shown, reason)});
    return std::nullopt;
  }

  std::nullopt_t wrong_type(const TomlNode& node, const std::string& wanted) {
    return fail(node, "", "must be " + wanted + ", is " + describe(node.type));
  }

  std::optional<Value> read_string(const TomlNode& node, const std::string& wanted) {
    if (node.type != TomlType::string) return wrong_type(node, wanted);
    return parse_text(option_, node.text, Unit::own, {Origin::Kind::file, file_, node.line, node.column}, problems_);
  }

  std::optional<Value> read_integer(const TomlNode& node) {
    if (node.type != TomlType::integer) return wrong_type(node, "an integer");
    const std::string problem = out_of_bounds(option_, node.integer, Unit::own);
    if (!problem.empty()) return fail(node, std::to_string(node.integer), problem);
    return node.integer;
  }

  std::optional<Value> read_array(const TomlNode& node) {
    if (node.type != TomlType::array) return wrong_type(node, "an array of strings");
    std::vector<std::string> names;
    bool good = true;
    for (const TomlNode& element : node.children) {
      if (element.type != TomlType::string) {
        fail(element, "", std::string("must be an array of strings, has ") + describe(element.type) + " in it");
      } else if (element.text.empty()) {
        fail(element, "", kEmptyStream);
      } else {
        names.push_back(element.text);
        continue;
      }
      good = false;
    }
    return good ? std::optional<Value>(std::move(names)) : std::nullopt;
  }

  std::optional<Value> read_table(const TomlNode& node) {
    if (node.type != TomlType::table) return wrong_type(node, "a table of stream = number");
    StreamLimits limits;
    bool good = true;
    for (const TomlNode& entry : node.children) {
      if (std::string problem = wrong_entry(entry); !problem.empty()) {
        fail(entry, "", problem);
        good = false;
      } else {
        limits.emplace(entry.key, static_cast<std::uint64_t>(entry.integer));
      }
    }
    return good ? std::optional<Value>(std::move(limits)) : std::nullopt;
  }

  [[nodiscard]] std::string wrong_entry(const TomlNode& entry) const {
    if (entry.key.empty()) return kEmptyStream;
    const std::string name = "the number of " + echoed(entry.key) + " ";
    if (entry.type == TomlType::table) return name + "is a table: a stream name with dots stands in quotes";
    if (entry.type != TomlType::integer) return name + "must be an integer, is " + describe(entry.type);
    const std::string problem = out_of_bounds(option_, entry.integer, Unit::own);
    return problem.empty() ? "" : name + "is " + std::to_string(entry.integer) + ": it " + problem;
  }

  const Option& option_;
  const std::string& file_;
  Problems& problems_;
};

}  // namespace

std::optional<Value> parse_text(const Option& option, std::string_view text, Unit unit, const Origin& origin,
                                Problems& problems) {
  Checked<Value> result = read_text(option, text, unit);
  run_check(option, result);
  if (!result.value) {
    const bool number = !text.empty() && text.find_first_not_of("-.0123456789") == std::string_view::npos;
    const std::string shown = number ? std::string(text.substr(0, 40)) : echoed(text);
    problems.push_back({origin, sentence(option, shown, result.problem)});
  }
  return std::move(result.value);
}

std::optional<Value> parse_node(const Option& option, const TomlNode& node, const std::string& file,
                                Problems& problems) {
  return NodeReader(option, file, problems).read(node);
}

}  // namespace outboxd::config
