// SPDX-License-Identifier: Apache-2.0
// The consumer groups of a stream, and whether they read.
#include "daemon/doctor/readers.hpp"
#include "redis/consumer_lag.hpp"
#include "redis/stream_info.hpp"
#include "streams/verdict.hpp"

#include <algorithm>
#include <charconv>

namespace outboxd::daemon::doctor {
namespace {

using redis::CommandSession;
using redis::Value;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::size_t kMostGroups = 100;

/// The age of an entry by its id.
seconds age_of(std::string_view id, system_clock::time_point now) {
  std::int64_t ms = 0;
  std::from_chars(id.data(), id.data() + id.size(), ms);
  const auto age = now - system_clock::time_point{milliseconds{ms}};
  return std::max(seconds{0}, std::chrono::duration_cast<seconds>(age));
}

/// Since when the group has not read the entry that comes next for it.
std::optional<seconds> oldest_unread(CommandSession& session, const std::string& stream, const std::string& read_to,
                                     system_clock::time_point now) {
  const auto answer = session.ask({"XRANGE", stream, "(" + read_to, "+", "COUNT", "1"});
  if (answer.items.empty() || answer.items.front().items.empty()) return std::nullopt;
  return age_of(answer.items.front().items.front().text, now);
}

std::optional<seconds> quiet_for(CommandSession& session, const std::string& stream, const std::string& group) {
  std::optional<seconds> shortest;
  for (const auto& consumer : redis::read_consumers(session.ask({"XINFO", "CONSUMERS", stream, group}))) {
    const auto idle = std::chrono::duration_cast<seconds>(consumer.idle);
    shortest = std::min(shortest.value_or(idle), idle);
  }
  return shortest;
}

std::optional<seconds> oldest_pending(CommandSession& session, const std::string& stream, const std::string& group) {
  const auto pending = redis::read_pending(session.ask({"XPENDING", stream, group, "-", "+", "1"}));
  if (pending.empty() || !pending.front().idle) return std::nullopt;
  return std::chrono::duration_cast<seconds>(*pending.front().idle);
}

}  // namespace

std::vector<redis::Group> read_groups(CommandSession& session, system_clock::time_point now, bool exact_counters,
                                      StreamFacts& stream, steady_clock::time_point end) {
  const auto answer = session.ask({"XINFO", "GROUPS", stream.name});
  if (answer.kind == Value::Kind::error) {
    if (!answer.text.starts_with("ERR no such key") && !answer.text.starts_with("WRONGTYPE")) {
      stream.why_no_groups = streams::why_not_known("XINFO GROUPS", answer);
    }
    return {};
  }
  auto groups = redis::read_groups(answer);
  if (groups.empty()) return groups;
  const auto in_time = [end] { return steady_clock::now() < end; };
  if (!in_time()) {
    stream.groups_left_out = groups.size();
    return groups;
  }
  const auto info = redis::read_stream_info(session.ask({"XINFO", "STREAM", stream.name}));
  if (info) redis::infer_lag(*info, groups, exact_counters);
  for (std::size_t i = 0; i < std::min(groups.size(), kMostGroups); ++i) {
    const auto& group = groups[i];
    GroupFacts facts{.name = group.name,
                     .unread = info ? redis::unread(*info, group, exact_counters).number : std::nullopt,
                     .pending = group.pending,
                     .consumers = group.consumers};
    if (facts.unread != 0 && in_time()) {
      facts.oldest_unread = oldest_unread(session, stream.name, group.last_delivered_id, now);
    }
    if (facts.pending > 0 && in_time()) facts.oldest_pending = oldest_pending(session, stream.name, group.name);
    if (facts.consumers > 0 && in_time()) facts.quiet_for = quiet_for(session, stream.name, group.name);
    // With a part of its facts a group might look as if it had stopped.
    if (!in_time()) break;
    stream.groups.push_back(std::move(facts));
  }
  stream.groups_left_out = groups.size() - stream.groups.size();
  return groups;
}

}  // namespace outboxd::daemon::doctor
