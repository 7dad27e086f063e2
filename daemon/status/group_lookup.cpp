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
constexpr std::chrono::seconds kLongestLook{3};
constexpr std::size_t kMostStreamsAsked = 200;

/// The server's clock, which is that of the entries' ids; otherwise this machine's.
std::chrono::system_clock::time_point time_of(redis::CommandSession& session) {
  const auto answer = session.call({"TIME"});
  if (answer.items.size() != 2) return std::chrono::system_clock::now();
  return std::chrono::system_clock::time_point{
      std::chrono::seconds{std::strtoll(answer.items[0].text.c_str(), nullptr, 10)}};
}

void look_at_server(const redis::Endpoint& endpoint, const std::set<std::string>& streams, GroupLook& look) {
  const auto end = steady_clock::now() + kLongestLook;
  redis::CommandSession session{endpoint, kLongestCall, redis::kBoundsOfLooks};
  const bool exact = redis::counts_reads_exactly(session.call({"INFO", "server"}).text);
  const auto now = time_of(session);
  std::size_t looked = 0;
  for (const auto& name : streams) {
    if (looked++ == kMostStreamsAsked || steady_clock::now() > end) {
      look.problems.push_back("not all streams of Redis at " + endpoint.shown +
                              " were looked at, as there are many: see outboxd streams status");
      return;
    }
    doctor::StreamFacts stream{.name = name};
    doctor::read_groups(session, now, exact, stream);
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

GroupLook look_at_groups(const config::Loaded& loaded, const std::vector<std::string>& published) {
  std::map<std::string, std::vector<config::Settings>> servers;
  for (const auto& settings : loaded.dispatchers) servers[redis_endpoint(settings).shown].push_back(settings);
  GroupLook look;
  for (const auto& [shown, dispatchers] : servers) {
    auto target = streams_target(dispatchers);
    if (target.problem.empty()) add_streams_of_dispatchers(dispatchers, target);
    std::set<std::string> streams{published.begin(), published.end()};
    for (const auto& wanted : target.wanted) streams.insert(wanted.name);
    try {
      look_at_server(redis_endpoint(dispatchers.front()), streams, look);
    } catch (const std::exception& error) {
      look.problems.push_back("whether consumer groups read is not known: " + telemetry::log::redacted(error.what()));
    }
  }
  return look;
}

}  // namespace outboxd::daemon
