// SPDX-License-Identifier: Apache-2.0
// `outboxd streams status --json`. The fields are documented in deploy/JSON.md.
#include "streams/json.hpp"
#include "streams/report.hpp"
#include "telemetry/utc_time.hpp"

#include <boost/json.hpp>

#include <string_view>

namespace outboxd::streams {
namespace {

namespace json = boost::json;
using Kind = SeenStream::Kind;

json::value number(const std::optional<std::uint64_t>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value seconds(const std::optional<std::chrono::milliseconds>& time) {
  return time ? json::value(static_cast<double>(time->count()) / 1'000) : json::value(nullptr);
}

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(json_text(text));
}

json::value id(const std::optional<redis::EntryId>& entry) {
  if (!entry) return nullptr;
  return json::string(std::to_string(entry->milliseconds) + "-" + std::to_string(entry->sequence));
}

/// "lag", "lag_at_most" and "lag_unknown".
void add(json::object& object, const std::string& name, const redis::Figure& figure) {
  object[name] = number(figure.number);
  object[name + "_at_most"] = number(figure.number ? figure.number : figure.at_most);
  object[name + "_unknown"] = figure.number ? json::value(nullptr) : text_or_null(figure.why_unknown);
}

json::object object_of(const GroupReport& group) {
  json::object object{{"group", json_text(group.name)},
                      {"declared", group.is_declared},
                      {"optional", group.is_optional},
                      {"exists", group.seen.has_value()}};
  if (!group.seen) return object;
  const auto& seen = *group.seen;
  object["last_delivered_id"] = json_text(seen.group.last_delivered_id);
  add(object, "lag", group.lag);
  add(object, "lost", group.lost);
  add(object, "at_risk", group.at_risk);
  object["pending"] = seen.group.pending;
  object["pending_gone"] = group.pending_gone ? json::value(*group.pending_gone) : json::value(nullptr);
  object["oldest_pending_id"] = seen.oldest_pending ? id(seen.oldest_pending->id) : json::value(nullptr);
  object["oldest_pending_idle_seconds"] =
      seen.oldest_pending ? seconds(seen.oldest_pending->idle) : json::value(nullptr);
  json::array consumers;
  for (const auto& consumer : seen.consumers) {
    consumers.push_back(json::object{{"consumer", json_text(consumer.name)},
                                     {"pending", consumer.pending},
                                     {"idle_seconds", seconds(consumer.idle)}});
  }
  object["consumer_count"] = seen.group.consumers;
  object["consumers"] = std::move(consumers);
  object["problem"] = text_or_null(seen.why_unknown);
  return object;
}

const char* state_of(const SeenStream& seen) {
  switch (seen.kind) {
    case Kind::stream:
      return "stream";
    case Kind::missing:
      return "missing";
    case Kind::other_type:
      return "other_type";
    default:
      return "unknown";
  }
}

/// The reasons for what is not known of the stream itself.
std::string problem_of(const SeenStream& seen) {
  if (seen.kind == Kind::unknown) return seen.why_unknown;
  if (seen.kind != Kind::stream) return {};
  std::string text;
  for (const auto& [is_known, why] : {std::pair{seen.info.has_value(), &seen.why_no_info},
                                      {seen.groups.has_value(), &seen.why_no_groups},
                                      {seen.memory.has_value(), &seen.why_no_memory}}) {
    if (!is_known) text.append(text.empty() ? "" : "; ").append(*why);
  }
  return text;
}

json::object object_of(const StreamReport& stream, const Report& report) {
  const auto& [wanted, seen, groups] = stream;
  const auto info = seen.kind == Kind::stream ? seen.info.value_or(redis::StreamInfo{}) : redis::StreamInfo{};
  json::array all;
  for (const auto& group : groups) all.push_back(object_of(group));
  return {{"stream", json_text(wanted.name)},
          {"time", telemetry::utc_text(report.at)},
          {"state", state_of(seen)},
          {"type", text_or_null(seen.type)},
          {"problem", text_or_null(problem_of(seen))},
          {"declared", wanted.is_declared},
          {"dead_letter", wanted.declared.dead_letter},
          {"length", seen.kind == Kind::stream ? number(seen.length) : json::value(nullptr)},
          {"bound", wanted.cut_to ? json::value(wanted.cut_to->maxlen) : json::value(nullptr)},
          {"declared_bound", number(wanted.bound)},
          {"entries_added", number(info.entries_added)},
          {"first_id", id(info.first)},
          {"first_age_seconds", seconds(age_of(info.first, report.server_time))},
          {"last_id", id(info.last)},
          {"last_age_seconds", seconds(age_of(info.last, report.server_time))},
          {"memory_bytes", number(seen.memory)},
          {"groups_known", seen.groups.has_value()},
          {"groups", std::move(all)}};
}

}  // namespace

std::string json_lines_of(const Report& report) {
  std::string lines;
  for (const auto& stream : report.streams) lines += json::serialize(object_of(stream, report)) + "\n";
  return lines;
}

}  // namespace outboxd::streams
