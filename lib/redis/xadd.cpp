// SPDX-License-Identifier: Apache-2.0
#include "redis/xadd.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace outboxd::redis {
namespace {

bool is_entry_id(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == text.size()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::all_of(text.substr(0, dash), is_digit) && std::ranges::all_of(text.substr(dash + 1), is_digit);
}

Reply refused(const std::string& error, ErrorTexts& texts) {
  constexpr const char* kRefuses = "Redis refuses: ";
  return {fault_of_redis_error(error), kRefuses + texts.shown(error), false, kRefuses + error};
}

}  // namespace

void append_xadd(std::string& out, const entry::Entry& entry, std::uint64_t maxlen) {
  const auto bound = std::to_string(maxlen);
  std::vector<std::string_view> arguments{"XADD", entry.stream, "MAXLEN", "~", bound, "*"};
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

Reply read_xadd_reply(Value value, ErrorTexts& texts) {
  if (value.kind == Value::Kind::error) return refused(value.text, texts);
  if (value.kind == Value::Kind::string && is_entry_id(value.text)) return {Fault::none, std::move(value.text)};
  return {Fault::unanswered, "Redis answered XADD with something other than an entry id"};
}

Reply read_probe_reply(const Value& value) {
  if (value.kind == Value::Kind::status && value.text == "PONG") return {Fault::none, {}};
  if (value.kind != Value::Kind::error) return {Fault::redis_refuses, "Redis answers a probe out of step"};
  if (value.text.starts_with("ERR The ID specified in XADD must be greater than 0-0")) return {Fault::none, {}};
  // What is wrong with this one stream is no outage; whatever else it is, entries would fare no better.
  const bool about_the_stream = value.text.starts_with("WRONGTYPE") || value.text.starts_with("NOPERM");
  // There is nothing of a row's in it to be echoed.
  ErrorTexts texts{""};
  auto reply = refused(value.text, texts);
  if (reply.fault == Fault::entry_refused && !about_the_stream) reply.fault = Fault::redis_refuses;
  return reply;
}

}  // namespace outboxd::redis
