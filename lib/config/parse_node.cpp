// SPDX-License-Identifier: Apache-2.0
#include "config/parse.hpp"
#include "config/parse_parts.hpp"
#include "config/text.hpp"

#include <utility>
#include <vector>

namespace outboxd::config {
namespace {

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
        return read_limits(node);
      case Kind::names:
        return read_names(node);
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

  std::optional<Value> read_limits(const TomlNode& node) {
    if (node.type != TomlType::table) return wrong_type(node, "a table of stream = number");
    StreamLimits limits;
    bool good = true;
    for (const TomlNode& entry : node.children) {
      if (std::string problem = wrong_limit(entry); !problem.empty()) {
        fail(entry, "", problem);
        good = false;
      } else {
        limits.emplace(entry.key, static_cast<std::uint64_t>(entry.integer));
      }
    }
    return good ? std::optional<Value>(std::move(limits)) : std::nullopt;
  }

  [[nodiscard]] std::string wrong_limit(const TomlNode& entry) const {
    if (entry.key.empty()) return kEmptyStream;
    const std::string name = "the number of " + echoed(entry.key) + " ";
    if (entry.type == TomlType::table) return name + "is a table: a stream name with dots stands in quotes";
    if (entry.type != TomlType::integer) return name + "must be an integer, is " + describe(entry.type);
    const std::string problem = out_of_bounds(option_, entry.integer, Unit::own);
    return problem.empty() ? "" : name + "is " + std::to_string(entry.integer) + ": it " + problem;
  }

  std::optional<Value> read_names(const TomlNode& node) {
    const bool of_streams = option_.choices.empty();
    if (node.type != TomlType::table) {
      return wrong_type(node, of_streams ? "a table of stream = \"word\"" : "a table of role = \"name\"");
    }
    Names names;
    bool good = true;
    for (const TomlNode& entry : node.children) {
      std::string problem = wrong_role(option_, entry.key);
      if (problem.empty() && entry.type != TomlType::string) {
        problem = (of_streams ? "the word for " + echoed(entry.key) : "the name for " + entry.key) +
                  " must be a string, is " + describe(entry.type);
        if (of_streams && entry.type == TomlType::table) problem += ": a stream name with dots stands in quotes";
      }
      if (!problem.empty()) {
        fail(entry, "", problem);
        good = false;
      } else {
        names.emplace(entry.key, entry.text);
      }
    }
    if (!good) return std::nullopt;
    if (const std::string problem = failed_check(option_, names); !problem.empty()) return fail(node, "", problem);
    return names;
  }

  const Option& option_;
  const std::string& file_;
  Problems& problems_;
};

}  // namespace

std::optional<Value> parse_node(const Option& option, const TomlNode& node, const std::string& file,
                                Problems& problems) {
  return NodeReader(option, file, problems).read(node);
}

}  // namespace outboxd::config
