// SPDX-License-Identifier: Apache-2.0
#include "streams/look.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace outboxd::streams {
namespace {

using redis::CommandSession;
using redis::Value;
using Commands = std::vector<CommandSession::Command>;

std::string text_of(const redis::EntryId& id) {
  return std::to_string(id.milliseconds) + "-" + std::to_string(id.sequence);
}

/// The server's clock.
std::optional<std::chrono::milliseconds> time_of(const Value& answer) {
  if (answer.items.size() != 2) return std::nullopt;
  const auto number = [](const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) && text.size() < 18
               ? std::stoll(text)
               : 0;
  };
  const auto seconds = number(answer.items[0].text);
  if (seconds == 0) return std::nullopt;
  return std::chrono::milliseconds{seconds * 1'000 + number(answer.items[1].text) / 1'000};
}

/// Each stream has an exchange of its own, as answers may be large.
SeenStream look_at(CommandSession& session, const std::string& stream, Detail detail) {
  return read_stream(stream, session.ask_all(look_commands(stream, detail)));
}

/// Asks for the consumers of each group and its oldest pending entry.
void look_at_groups(CommandSession& session, SeenStream& stream) {
  if (!stream.groups || stream.groups->empty()) return;
  Commands commands;
  for (const auto& group : *stream.groups) {
    commands.push_back({"XPENDING", stream.name, group.group.name, "-", "+", "1"});
    commands.push_back({"XINFO", "CONSUMERS", stream.name, group.group.name});
  }
  const auto answers = session.ask_all(commands);
  for (std::size_t i = 0; i < stream.groups->size(); ++i) {
    auto& group = (*stream.groups)[i];
    const auto& pending = answers[2 * i];
    const auto& consumers = answers[2 * i + 1];
    const auto entries = redis::read_pending(pending);
    if (!entries.empty()) group.oldest_pending = entries.front();
    group.consumers = redis::read_consumers(consumers);
    if (pending.kind != Value::Kind::array) {
      group.why_unknown = why_not_known("XPENDING", pending);
    } else if (consumers.kind != Value::Kind::array) {
      group.why_unknown = why_not_known("XINFO CONSUMERS", consumers);
    }
  }
}

// Entries are counted one by one by reading each: no more than a thousand of a group, and none that are large.
constexpr std::uint64_t kMost = 1'000;
constexpr std::uint64_t kPage = 100;

bool is_countable(const SeenStream& stream) {
  constexpr std::uint64_t kLargestEntry = 4'096;
  return stream.memory && stream.length && stream.info && stream.info->last &&
         *stream.memory / std::max<std::uint64_t>(1, *stream.length) <= kLargestEntry;
}

/// Counts a group's unread entries, where the server's counters don't show their number. Empty if there are more than
/// a thousand, or if the server refuses to read them.
std::optional<std::uint64_t> count_unread(CommandSession& session, const SeenStream& stream, const SeenGroup& group) {
  // What is added meanwhile is not counted, so that the number belongs to the other figures.
  const auto end = text_of(*stream.info->last);
  auto after = group.group.last_delivered_id;
  std::uint64_t count = 0;
  while (count < kMost) {
    const auto page = session.ask({"XRANGE", stream.name, "(" + after, end, "COUNT", std::to_string(kPage)});
    if (page.kind != Value::Kind::array) return std::nullopt;
    count += page.items.size();
    if (page.items.size() < kPage) return count;
    if (page.items.back().items.empty()) return std::nullopt;
    after = page.items.back().items.front().text;
  }
  return std::nullopt;
}

/// Counts the unread ones of the oldest entries, those that the next XADD trims.
std::optional<std::uint64_t> count_at_risk(CommandSession& session, const SeenStream& stream, const SeenGroup& group,
                                           std::uint64_t maxlen) {
  const auto position = redis::read_position(group.group.last_delivered_id);
  const auto cut = *stream.length + 1 > maxlen ? std::min(*stream.length, *stream.length + 1 - maxlen) : 0;
  if (!position || cut > kMost) return std::nullopt;
  std::uint64_t unread = 0;
  std::string from = "-";
  for (std::uint64_t left = cut; left > 0;) {
    const auto page = session.ask({"XRANGE", stream.name, from, "+", "COUNT", std::to_string(std::min(left, kPage))});
    if (page.kind != Value::Kind::array || page.items.empty()) return std::nullopt;
    for (const auto& entry : page.items) {
      const auto id = entry.items.empty() ? std::nullopt : redis::read_entry_id(entry.items.front().text);
      if (!id) return std::nullopt;
      if (id->is_above(*position)) ++unread;
    }
    left -= std::min<std::uint64_t>(left, page.items.size());
    from = "(" + page.items.back().items.front().text;
  }
  return unread;
}

void count_where_needed(CommandSession& session, const Wanted& wanted, SeenStream& stream, bool exact_counters) {
  if (!stream.groups || !is_countable(stream)) return;
  for (auto& group : *stream.groups) {
    if (redis::unread(*stream.info, group.group, exact_counters).number) continue;
    group.counted_unread = count_unread(session, stream, group);
    if (group.counted_unread || !wanted.cut_to) continue;
    group.counted_at_risk = count_at_risk(session, stream, group, wanted.cut_to->maxlen);
  }
}

}  // namespace

std::vector<SeenStream> look(CommandSession& session, std::span<const Wanted> wanted) {
  std::vector<SeenStream> seen;
  for (const auto& stream : wanted) seen.push_back(look_at(session, stream.name, Detail::existence));
  return seen;
}

Report report_on(CommandSession& session, std::span<const Wanted> wanted) {
  Report report;
  const bool exact = redis::counts_reads_exactly(session.call({"INFO", "server"}).text);
  report.server_time = time_of(session.call({"TIME"}));
  for (const auto& stream : wanted) {
    auto seen = look_at(session, stream.name, Detail::everything);
    look_at_groups(session, seen);
    count_where_needed(session, stream, seen, exact);
    report.streams.push_back(report_of(stream, std::move(seen), exact));
  }
  report.at = std::chrono::system_clock::now();
  return report;
}

std::vector<StepResult> provision(CommandSession& session, std::span<const Step> steps) {
  Commands commands;
  for (const auto& step : steps) commands.push_back(step.command);
  const auto answers = session.call_all(commands);
  std::vector<StepResult> results;
  for (std::size_t i = 0; i < steps.size(); ++i) results.push_back(result_of(steps[i], answers[i]));
  return results;
}

}  // namespace outboxd::streams
