// SPDX-License-Identifier: Apache-2.0
// Reads the tables [streams."name"] of the configuration file.
#include "config/nearest.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/toml_nodes.hpp"
#include "outbox/utf8.hpp"

#include <cstddef>
#include <set>
#include <string_view>

namespace outboxd::config {
namespace {

/// The same bound as for the names that rows have.
constexpr std::size_t kLongestName = 4'096;

std::string wrong_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kLongestName) return "is longer than 4096 bytes";
  return without_control_characters(name) == name ? "" : "has a control character in it";
}

/// "$", or an id as Redis reads it: "0", "1700000000000-5".
bool is_start(std::string_view text) {
  constexpr std::size_t kMostDigits = 19;
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.size() <= kMostDigits && std::ranges::all_of(part, is_digit);
  };
  const auto dash = text.find('-');
  return text == "$" ||
         (is_number(text.substr(0, dash)) && (dash == std::string_view::npos || is_number(text.substr(dash + 1))));
}

class StreamsReader {
 public:
  StreamsReader(const Option& option, const AddProblem& add) : option_{option}, add_{add} {}

  std::optional<Value> read(const toml::node& node) {
    topology::Streams streams;
    if (!node.is_table()) {
      fail(node, option_.path,
           "must have a table for each stream, such as [streams.\"orders\"], is " + describe(node) +
               "; the streams of one dispatcher are dispatcher.streams");
    } else {
      for (const auto& [key, child] : children_of(*node.as_table()))
        streams[std::string{key->str()}] = read(*key, *child);
    }
    if (failed_) return std::nullopt;
    return streams;
  }

 private:
  /// At a key or a node.
  void fail(const auto& place, const std::string& of, const std::string& reason) {
    failed_ = true;
    add_(place.source(), of + ": " + reason);
  }

  /// A key that is none of these words.
  void unknown(const toml::key& key, const std::string& of, const std::vector<std::string>& words) {
    fail(key, of, "unknown key " + echoed(key.str()) + did_you_mean(nearest_word(key.str(), words)));
  }

  topology::Stream read(const toml::key& key, const toml::node& node) {
    topology::Stream stream;
    const std::string name = option_.path + "." + in_quotes(utf8::shortened(key.str(), 100));
    if (const auto wrong = wrong_name(key.str()); !wrong.empty()) fail(key, name, "the stream's name " + wrong);
    if (!node.is_table()) {
      fail(node, name, "must be a table with maxlen, groups or dead_letter, is " + describe(node));
      return stream;
    }
    for (const auto& [part, value] : children_of(*node.as_table())) {
      if (part->str() == "maxlen") {
        stream.maxlen = read_maxlen(name + ".maxlen", *value);
      } else if (part->str() == "groups") {
        stream.groups = read_groups(name + ".groups", *value);
      } else if (part->str() == "dead_letter") {
        stream.dead_letter = read_bool(name + ".dead_letter", *value);
      } else if (value->is_table()) {
        fail(*part, name, "has a table in it: a stream name with dots stands in quotes, [streams.\"a.b\"]");
      } else {
        unknown(*part, name, {"maxlen", "groups", "dead_letter"});
      }
    }
    return stream;
  }

  std::optional<std::uint64_t> read_maxlen(const std::string& name, const toml::node& node) {
    if (!node.is_integer()) {
      fail(node, name, "must be an integer, is " + describe(node));
      return std::nullopt;
    }
    const auto number = node.as_integer()->get();
    if (const auto wrong = out_of_bounds(option_, number); !wrong.empty()) {
      fail(node, name + " = " + std::to_string(number), wrong);
    }
    return static_cast<std::uint64_t>(number);
  }

  bool read_bool(const std::string& name, const toml::node& node) {
    if (node.is_boolean()) return node.as_boolean()->get();
    fail(node, name, "must be true or false, is " + describe(node));
    return false;
  }

  std::vector<topology::Group> read_groups(const std::string& name, const toml::node& node) {
    std::vector<topology::Group> groups;
    constexpr const char* kExample =
        "must be an array such as [\"a\", {name = \"b\", start = \"0\", optional = true}]";
    if (!node.is_array()) {
      fail(node, name, std::string{kExample} + ", is " + describe(node));
      return groups;
    }
    std::set<std::string> seen;
    for (const toml::node& element : *node.as_array()) {
      topology::Group group;
      if (element.is_string()) {
        group.name = element.as_string()->get();
      } else if (element.is_table()) {
        group = read_group(name, *element.as_table());
      } else {
        fail(element, name, std::string{kExample} + ", has " + describe(element) + " in it");
        continue;
      }
      if (const auto wrong = wrong_name(group.name); !wrong.empty()) {
        fail(element, name, "the name of a group " + wrong);
      } else if (!seen.insert(group.name).second) {
        fail(element, name, "names " + echoed(group.name) + " twice");
      }
      groups.push_back(std::move(group));
    }
    return groups;
  }

  topology::Group read_group(const std::string& name, const toml::table& table) {
    topology::Group group;
    for (const auto& [part, value] : children_of(table)) {
      const bool is_text = part->str() == "name" || part->str() == "start";
      if (is_text && !value->is_string()) {
        const char* const hint = part->str() == "start" ? "\"$\", \"0\" or an entry's id" : "a string";
        fail(*value, name, std::string{part->str()} + " must be " + hint + ", is " + describe(*value));
      } else if (is_text) {
        (part->str() == "name" ? group.name : group.start) = value->as_string()->get();
      } else if (part->str() == "optional") {
        group.optional = read_bool(name + ": optional", *value);
      } else {
        unknown(*part, name, {"name", "start", "optional"});
      }
    }
    if (!is_start(group.start)) {
      fail(table, name,
           "start = " + echoed(group.start) + " must be \"$\" (only new entries), \"0\" (all) or an entry's id");
    }
    return group;
  }

  const Option& option_;
  const AddProblem& add_;
  bool failed_ = false;
};

}  // namespace

std::optional<Value> read_streams(const Option& option, const toml::node& node, const AddProblem& add) {
  return StreamsReader{option, add}.read(node);
}

}  // namespace outboxd::config
