// SPDX-License-Identifier: Apache-2.0
#include "daemon/status/group_lookup.hpp"

#include "daemon/doctor/readers.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "daemon/settings/streams_from_settings.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace outboxd::daemon {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLongestCall{1'000};
constexpr std::size_t kMostStreamsAsked = 200;

/// The server's clock, which is that of the entries' ids; otherwise this machine's.
std::chrono::system_clock::time_point time_of(redis::CommandSession& session) {
  const auto answer = session.call({"TIME"});
  if (answer.items.size() != 2) return std::chrono::system_clock::now();
  return std::chrono::system_clock::time_point{
      std::chrono::seconds{std::strtoll(answer.items[0].text.c_str(), nullptr, 10)}};
}

std::string left_out(const std::string& what, const std::string& why) {
  return what + " not looked at, " + why + ": see outboxd streams status";
}

void look_at_server(const redis::Endpoint& endpoint, const std::set<std::string>& streams,
                    steady_clock::time_point end, GroupLook& look) {
  redis::CommandSession session{endpoint, kLongestCall, redis::kBoundsOfLooks};
  const bool exact = redis::counts_reads_exactly(session.call({"INFO", "server"}).text);
  const auto now = time_of(session);
  std::size_t looked = 0;
  for (const auto& name : streams) {
    const bool in_time = steady_clock::now() < end;
    if (looked == kMostStreamsAsked || !in_time) {
      look.problems.push_back(left_out(std::to_string(streams.size() - looked) + " of " +
                                           std::to_string(streams.size()) + " streams of Redis at " + endpoint.shown +
                                           " were",
                                       in_time ? "as there are many" : "as it took too long"));
      return;
    }
    ++looked;
    doctor::StreamFacts stream{.name = name};
    doctor::read_groups(session, now, exact, stream, end);
    if (stream.groups_left_out > 0) {
      look.problems.push_back(
          left_out(std::to_string(stream.groups_left_out) + " consumer group(s) of stream " + name + " were",
                   steady_clock::now() < end ? "as there are many" : "as it took too long"));
    }
    if (!stream.why_no_groups.empty()) {
      // A right that is missing for one stream is missing for most.
      look.problems.push_back("whether consumer groups read is not known: Redis at " + endpoint.shown + ": " +
                              stream.why_no_groups);
      return;
    }
    for (const auto& group : stream.groups) {
      if (!has_stopped(group)) continue;
      look.stopped.push_back({.stream = name,
                              .group = group.name,
                              .unread = group.unread,
                              .pending = group.pending,
                              .state = state_of(group)});
    }
  }
}

}  // namespace

std::vector<std::string> streams_in_metrics(std::string_view metrics) {
  constexpr std::string_view kSeries = "outboxd_published_total{";
  constexpr std::string_view kLabel = "stream=\"";
  std::set<std::string> streams;
  std::istringstream lines{std::string{metrics}};
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.starts_with(kSeries) ? line.find(kLabel) : std::string::npos;
    if (at == std::string::npos) continue;
    const auto from = at + kLabel.size();
    const auto name = line.substr(from, line.find('"', from) - from);
    // One with escaped characters, or that stands for others, is no name.
    if (!name.empty() && name.find('\\') == std::string::npos && name != "other") streams.insert(name);
  }
  return {streams.begin(), streams.end()};
}

GroupLook look_at_groups(const config::Loaded& loaded, const std::vector<std::string>& published,
                         std::chrono::milliseconds longest) {
  const auto end = steady_clock::now() + longest;
  std::map<std::string, std::vector<config::Settings>> servers;
  for (const auto& settings : loaded.dispatchers) servers[redis_endpoint(settings).shown].push_back(settings);
  GroupLook look;
  for (const auto& [shown, dispatchers] : servers) {
    // The first server is asked in any case.
    if (&dispatchers != &servers.begin()->second && steady_clock::now() >= end) {
      look.problems.push_back(left_out("the streams of Redis at " + shown + " were", "as others took too long"));
      continue;
    }
    auto target = streams_target(dispatchers);
    if (target.problem.empty()) add_streams_of_dispatchers(dispatchers, target);
    std::set<std::string> streams{published.begin(), published.end()};
    for (const auto& wanted : target.wanted) streams.insert(wanted.name);
    try {
      look_at_server(redis_endpoint(dispatchers.front()), streams, end, look);
    } catch (const std::exception& error) {
      look.problems.push_back("whether consumer groups read is not known: " + telemetry::log::redacted(error.what()));
    }
  }
  return look;
}

}  // namespace outboxd::daemon
