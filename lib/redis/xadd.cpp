// SPDX-License-Identifier: Apache-2.0
#include "redis/xadd.hpp"

#include <array>
#include <charconv>
#include <system_error>
#include <vector>

namespace outboxd::redis {
namespace {

std::optional<std::uint64_t> read_number(std::string_view text) {
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Reply refused(const std::string& error, ErrorTexts& texts) {
  constexpr const char* kRefuses = "Redis refuses: ";
  return {guess_by_words(error), kRefuses + texts.shown(error), false, kRefuses + error};
}

}  // namespace

void append_xadd(std::string& out, const entry::Entry& entry, const Bound& bound) {
  const auto maxlen = std::to_string(bound.maxlen);
  std::vector<std::string_view> arguments{"XADD", entry.stream, "MAXLEN", bound.exact ? "=" : "~", maxlen, "*"};
  arguments.reserve(arguments.size() + 2 * entry.fields.size());
  for (const auto& field : entry.fields) {
    arguments.emplace_back(field.name);
    arguments.emplace_back(field.value);
  }
  append_command(out, arguments);
}

void append_write_probe(std::string& out, const std::string& stream) {
  append_command(out, std::array<std::string_view, 5>{"XADD", stream, "0-0", "probe", "1"});
}

std::optional<EntryId> read_entry_id(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto milliseconds = read_number(text.substr(0, dash));
  const auto sequence = read_number(text.substr(dash + 1));
  if (!milliseconds || !sequence || (*milliseconds == 0 && *sequence == 0)) return std::nullopt;
  return EntryId{*milliseconds, *sequence};
}

Reply read_xadd_reply(Value value, ErrorTexts& texts) {
  if (value.kind == Value::Kind::error) return refused(value.text, texts);
  if (value.kind == Value::Kind::string && read_entry_id(value.text)) return {Fault::none, std::move(value.text)};
  return {Fault::unanswered, "Redis answered XADD with something other than an entry id"};
}

Reply read_probe_reply(const Value& value) {
  if (value.kind == Value::Kind::status && value.text == "PONG") return {Fault::none, {}};
  if (value.kind != Value::Kind::error) return {Fault::redis_unavailable, "Redis answers a probe out of step"};
  // "must be greater than 0-0", or (Redis 5.0.3 and others) "is equal or smaller than the target stream top item".
  if (value.text.starts_with("ERR The ID specified in XADD ")) return {Fault::none, {}};
  // A probe has no payload that the error could echo.
  ErrorTexts texts{""};
  return refused(value.text, texts);
}

}  // namespace outboxd::redis
