// SPDX-License-Identifier: Apache-2.0
// `outboxd streams status` as text.
#include "streams/plan.hpp"
#include "streams/report.hpp"
#include "streams/shown.hpp"
#include "streams/text_table.hpp"
#include "telemetry/utc_time.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace outboxd::streams {
namespace {

using Kind = SeenStream::Kind;
using Rows = std::vector<std::vector<std::string>>;
constexpr const char* kUnknown = "unknown";

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : kUnknown;
}

std::string number(const redis::Figure& figure) {
  return number(figure.number);
}

std::string entries(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

std::string kind_text(const SeenStream& seen) {
  switch (seen.kind) {
    case Kind::missing:
      return "missing";
    case Kind::other_type:
      return "not a stream";
    case Kind::unknown:
      return kUnknown;
    default:
      return seen.length ? std::to_string(*seen.length) : kUnknown;
  }
}

std::vector<std::string> row_of(const StreamReport& stream, const Report& report) {
  const auto& [wanted, seen, groups] = stream;
  const auto bound = wanted.cut_to  ? std::to_string(wanted.cut_to->maxlen)
                     : wanted.bound ? number(wanted.bound)
                                    : "-";
  if (seen.kind != Kind::stream) return {shown(wanted.name), kind_text(seen), bound, "-", "-", "-", "-"};
  const auto age = [&](const std::optional<redis::EntryId>& id) -> std::string {
    const auto since = age_of(id, report.server_time);
    return since ? shown_span(*since) : "-";
  };
  return {shown(wanted.name),
          kind_text(seen),
          bound,
          seen.info ? number(seen.info->entries_added) : kUnknown,
          seen.info ? age(seen.info->first) : kUnknown,
          seen.info ? age(seen.info->last) : kUnknown,
          seen.memory ? shown_bytes(*seen.memory) : kUnknown};
}

std::string oldest_idle(const SeenGroup& seen) {
  if (seen.group.pending == 0) return "-";
  if (!seen.oldest_pending) return kUnknown;
  return seen.oldest_pending->idle ? shown_span(*seen.oldest_pending->idle) : "released";
}

void append_groups(const StreamReport& stream, Rows& rows) {
  if (stream.groups.empty()) return;
  rows.push_back({shown(stream.wanted.name)});
  for (const auto& group : stream.groups) {
    const auto name = "  " + shown(group.name);
    if (!group.seen) {
      const bool is_known = stream.seen.groups || stream.seen.kind == Kind::missing;
      const auto* const state = !is_known ? kUnknown : group.is_optional ? "optional" : "missing";
      rows.push_back({name, state, "-", "-", "-", "-", "-"});
      continue;
    }
    const auto& seen = *group.seen;
    rows.push_back({name, std::to_string(seen.group.consumers), number(group.lag), std::to_string(seen.group.pending),
                    oldest_idle(seen), number(group.lost), stream.wanted.cut_to ? number(group.at_risk) : "-"});
  }
}

/// Lines of reasons, each with all places that it holds for.
class Reasons {
 public:
  void add(const std::string& reason, const std::string& place) {
    auto& places = by_reason_[reason];
    if (std::ranges::find(places, place) == places.end()) places.push_back(place);
  }
  void add(const char* what, const redis::Figure& figure, const std::string& place) {
    if (figure.number) return;
    auto text = place + " (" + what;
    if (figure.at_most) text += ", at most " + std::to_string(*figure.at_most);
    add(figure.why_unknown, text + ")");
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& [reason, places] : by_reason_) {
      text.append("unknown: ").append(reason).append(": ");
      for (const auto& place : places) text.append(&place == &places.front() ? "" : "; ").append(place);
      text.append("\n");
    }
    return text;
  }

 private:
  std::map<std::string, std::vector<std::string>> by_reason_;
};

void add_reasons(const StreamReport& stream, Reasons& reasons) {
  const auto& [wanted, seen, groups] = stream;
  const auto name = shown(wanted.name);
  if (seen.kind == Kind::unknown) reasons.add(seen.why_unknown, name);
  if (seen.kind != Kind::stream) return;
  if (!seen.info) reasons.add(seen.why_no_info, name);
  if (!seen.groups) reasons.add(seen.why_no_groups, name + " (groups)");
  if (!seen.memory) reasons.add(seen.why_no_memory, name + " (memory)");
  for (const auto& group : groups) {
    if (!group.seen) continue;
    const auto place = shown_group(wanted.name, group.name);
    if (!group.seen->why_unknown.empty())
      reasons.add(group.seen->why_unknown, place + " (pending entries, consumers)");
    // Without the stream's entries, one reason is enough.
    if (!seen.info) continue;
    reasons.add("lag", group.lag, place);
    reasons.add("lost", group.lost, place);
    if (wanted.cut_to) reasons.add("at risk", group.at_risk, place);
  }
}

/// Whether the group was placed before entries that may have been trimmed by then already.
bool may_be_older(const SeenGroup& seen) {
  return seen.group.last_delivered_id == "0-0" || !seen.group.entries_read;
}

/// An entry's time, a minute earlier or later as clocks differ; empty if its id is no time.
std::string time_of(const std::optional<redis::EntryId>& id, std::chrono::minutes shift, const Report& report) {
  if (!id || !age_of(id, report.server_time)) return {};
  return telemetry::utc_text(
      std::chrono::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{id->milliseconds} + shift});
}

/// Which rows bring back what a group has lost. Only rows of this configuration's dispatchers can.
std::string replay_text(const StreamReport& stream, const GroupReport& group, const Report& report) {
  if (!stream.wanted.cut_to || !stream.seen.info || !group.seen) return {};
  // A name that can't be shown as it is can't be pasted either.
  if (shown(stream.wanted.name) != stream.wanted.name) return {};
  const auto since =
      time_of(redis::read_position(group.seen->group.last_delivered_id), -std::chrono::minutes{1}, report);
  const auto until = time_of(stream.seen.info->first, std::chrono::minutes{1}, report);
  std::vector<std::string> command{"outboxd", "replay", "--stream", stream.wanted.name};
  if (!since.empty()) command.insert(command.end(), {"--since", since});
  if (!until.empty()) command.insert(command.end(), {"--until", until});
  command.emplace_back("--dry-run");
  return shown_group(stream.wanted.name, group.name) +
         ": the rows of entries that it has lost are published again by " + shell_line(command) +
         "  # with --yes instead of --dry-run, once its consumers read again\n";
}

std::string facts_of(const StreamReport& stream, const Report& report) {
  const auto& [wanted, seen, groups] = stream;
  std::string text;
  if (seen.kind == Kind::other_type) text += wrong_type_text(seen) + "\n";
  const bool is_dead_letters = wanted.declared.dead_letter && seen.kind == Kind::stream && seen.length;
  if (is_dead_letters) text += "dead letters: " + shown(wanted.name) + " has " + entries(*seen.length) + "\n";
  for (const auto& group : groups) {
    const auto place = shown_group(wanted.name, group.name);
    if (is_dead_letters && group.seen && group.lag.number) {
      text += "dead letters: " + place + " has " + entries(*group.lag.number + group.seen->group.pending) +
              " to read or acknowledge\n";
    }
    if (group.lost.number.value_or(0) > 0) {
      text += place + ": " + entries(*group.lost.number) + " after its position trimmed unread" +
              (may_be_older(*group.seen) ? ", possibly before the group was created\n" : "\n");
    }
    if (group.lost.number.value_or(group.lost.at_most.value_or(0)) > 0) text += replay_text(stream, group, report);
    if (group.at_risk.number.value_or(0) > 0) {
      text += place + ": the next XADD trims about " + entries(*group.at_risk.number) +
              " that it has not read: have them read first, or raise the stream's bound\n";
    }
    if (group.pending_gone.value_or(false)) {
      text += place + ": its oldest pending entry was trimmed or deleted, so it can't be delivered again\n";
    }
  }
  return text;
}

}  // namespace

std::string text_of(const Report& report, std::size_t width) {
  Rows streams{{"STREAM", "LENGTH", "BOUND", "ADDED", "FIRST", "LAST", "MEMORY"}};
  Rows groups{{"GROUP", "CONSUMERS", "LAG", "PENDING", "OLDEST IDLE", "LOST", "AT RISK"}};
  Reasons reasons;
  std::string facts;
  for (const auto& stream : report.streams) {
    streams.push_back(row_of(stream, report));
    append_groups(stream, groups);
    add_reasons(stream, reasons);
    facts += facts_of(stream, report);
  }
  return telemetry::utc_text(report.at) + "\n" + text_table(streams, width) + "\n" + text_table(groups, width) +
         "\n" + facts + reasons.text();
}

}  // namespace outboxd::streams
