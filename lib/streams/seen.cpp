// SPDX-License-Identifier: Apache-2.0
#include "streams/seen.hpp"

#include "redis/command_session.hpp"
#include "redis/error_text.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace outboxd::streams {
namespace {

using redis::Value;

constexpr const char* kLogin = "this login has no right to run ";

bool is_error(const Value& answer, std::string_view beginning) {
  return answer.kind == Value::Kind::error && answer.text.starts_with(beginning);
}

bool is_missing_key(const Value& answer) {
  return is_error(answer, "ERR no such key");
}

bool lacks_command(const Value& answer) {
  return is_error(answer, "ERR unknown") || is_error(answer, "ERR unsupported");
}

bool is_failure(const Value& answer) {
  return answer.kind == Value::Kind::error && !is_error(answer, "NOPERM") && !is_error(answer, "WRONGTYPE") &&
         !is_missing_key(answer) && !lacks_command(answer);
}

/// The kind of the key, from TYPE, or from the other answers where that is refused.
void read_kind(std::span<const Value> answers, SeenStream& seen) {
  using Kind = SeenStream::Kind;
  const auto& type = answers.front();
  if (type.kind == Value::Kind::status || type.kind == Value::Kind::string) {
    seen.kind = type.text == "stream" ? Kind::stream : type.text == "none" ? Kind::missing : Kind::other_type;
    if (seen.kind == Kind::other_type) seen.type = type.text;
    return;
  }
  const auto any = [&](auto matches) { return std::ranges::any_of(answers.subspan(1), matches); };
  if (any([](const Value& answer) { return is_error(answer, "WRONGTYPE"); })) {
    seen.kind = Kind::other_type;
  } else if (any(is_missing_key)) {
    seen.kind = Kind::missing;
  } else if (seen.info || seen.groups || seen.length.value_or(0) > 0) {
    seen.kind = Kind::stream;
  } else {
    seen.why_unknown = why_not_known("TYPE", type);
  }
}

/// From XINFO STREAM and MEMORY USAGE.
void read_content(const Value& info, const Value& memory, SeenStream& seen) {
  seen.info = redis::read_stream_info(info);
  if (seen.info) {
    seen.length = seen.info->length;
  } else {
    seen.why_no_info = why_not_known("XINFO STREAM", info);
  }
  if (memory.kind == Value::Kind::integer) {
    seen.memory = static_cast<std::uint64_t>(std::max(0LL, memory.number));
  } else {
    seen.why_no_memory = why_not_known("MEMORY USAGE", memory);
  }
}

}  // namespace

const SeenGroup* SeenStream::group(const std::string& group_name) const {
  if (!groups) return nullptr;
  const auto found = std::ranges::find(*groups, group_name, [](const SeenGroup& it) { return it.group.name; });
  return found == groups->end() ? nullptr : &*found;
}

std::vector<std::vector<std::string>> look_commands(const std::string& stream, Detail detail) {
  std::vector<std::vector<std::string>> commands{{"TYPE", stream}, {"XLEN", stream}, {"XINFO", "GROUPS", stream}};
  if (detail == Detail::existence) return commands;
  // With the whole first and last entry.
  commands.push_back({"XINFO", "STREAM", stream});
  commands.push_back({"MEMORY", "USAGE", stream});
  return commands;
}

SeenStream read_stream(const std::string& stream, std::span<const Value> answers) {
  constexpr std::size_t kExistence = 3;
  constexpr std::size_t kEverything = 5;
  if (answers.size() != kExistence && answers.size() != kEverything) {
    throw std::invalid_argument("answers and commands are out of step");
  }
  SeenStream seen{.name = stream};
  const auto& length = answers[1];
  const auto& groups = answers[2];
  if (length.kind == Value::Kind::integer) {
    seen.length = static_cast<std::uint64_t>(std::max(0LL, length.number));
  } else {
    seen.why_no_length = why_not_known("XLEN", length);
  }
  if (groups.kind == Value::Kind::array) {
    seen.groups.emplace();
    for (auto& group : redis::read_groups(groups)) seen.groups->push_back({.group = std::move(group)});
  } else {
    seen.why_no_groups = why_not_known("XINFO GROUPS", groups);
  }
  if (answers.size() == kEverything) read_content(answers[3], answers[4], seen);
  read_kind(answers, seen);
  seen.has_failed = std::ranges::any_of(answers, is_failure);
  return seen;
}

std::string why_not_known(const std::string& command, const Value& answer) {
  if (answer.kind != Value::Kind::error) return "the server's answer to " + command + " is not one of Redis";
  if (is_error(answer, "NOPERM")) {
    const bool is_key = answer.text.find(" key") != std::string::npos;
    return is_key ? "this login has no right to this key (" + command + ")" : kLogin + command;
  }
  if (is_error(answer, redis::kOverBounds)) return command + ": " + answer.text.substr(redis::kOverBounds.size());
  if (lacks_command(answer)) return "the server has no " + command;
  return command + " failed: " + redis::ErrorTexts{command}.shown(answer.text);
}

}  // namespace outboxd::streams
