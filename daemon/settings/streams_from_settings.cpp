// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings/streams_from_settings.hpp"

#include "daemon/settings/options_from_settings.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace outboxd::daemon {
namespace {

using Dispatchers = std::vector<config::Settings>;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool may_publish(const config::DispatcherSettings& dispatcher, const std::string& stream) {
  return (dispatcher.streams.empty() || contains(dispatcher.streams, stream)) &&
         !contains(dispatcher.exclude_streams, stream);
}

/// The dispatchers with the bounds of each, which cost to make.
struct Cutters {
  explicit Cutters(const Dispatchers& all) : dispatchers{all} {
    for (const auto& settings : all) bounds.push_back(publisher_options(settings).bounds);
  }

  const Dispatchers& dispatchers;
  std::vector<redis::Bounds> bounds{};
};

/// The smallest bound of all dispatchers that may publish to the stream, as that is what cuts it.
std::optional<redis::Bound> cut_to(const Cutters& cutters, const std::string& stream) {
  std::optional<redis::Bound> smallest;
  for (std::size_t i = 0; i < cutters.dispatchers.size(); ++i) {
    if (!may_publish(cutters.dispatchers[i].dispatcher, stream)) continue;
    const auto bound = cutters.bounds[i].of(stream);
    if (!smallest || bound.maxlen < smallest->maxlen) {
      smallest = bound;
    } else if (bound.maxlen == smallest->maxlen) {
      smallest->exact = smallest->exact || bound.exact;
    }
  }
  return smallest;
}

streams::Wanted wanted_of(const Cutters& cutters, const std::string& name, const topology::Stream* declared) {
  streams::Wanted wanted{.name = name, .is_declared = declared != nullptr, .cut_to = cut_to(cutters, name)};
  if (declared != nullptr) wanted.declared = *declared;
  for (const auto& settings : cutters.dispatchers) {
    const auto& own = settings.dispatcher.stream_maxlen;
    const auto found = own.find(name);
    if (found == own.end() || !may_publish(settings.dispatcher, name)) continue;
    wanted.bound = std::max<std::uint64_t>(wanted.bound.value_or(0), found->second);
  }
  if (!wanted.bound) wanted.bound = wanted.declared.maxlen;
  if (!wanted.bound && wanted.cut_to) wanted.bound = wanted.cut_to->maxlen;
  return wanted;
}

std::set<std::string> streams_of_dispatchers(const Dispatchers& dispatchers) {
  std::set<std::string> names;
  for (const auto& settings : dispatchers) {
    const auto& dispatcher = settings.dispatcher;
    names.insert(dispatcher.streams.begin(), dispatcher.streams.end());
    for (const auto& [name, maxlen] : dispatcher.stream_maxlen) names.insert(name);
  }
  return names;
}

void sort_by_name(StreamsTarget& target) {
  std::ranges::sort(target.wanted, {}, &streams::Wanted::name);
}

}  // namespace

StreamsTarget streams_target(const Dispatchers& dispatchers) {
  StreamsTarget target;
  const auto& first = dispatchers.front();
  for (const auto& settings : dispatchers) {
    if (settings.redis.endpoint.shown() == first.redis.endpoint.shown()) continue;
    target.problem = "dispatchers " + first.dispatcher.name + " and " + settings.dispatcher.name +
                     " use different Redis servers (" + first.redis.endpoint.shown() + ", " +
                     settings.redis.endpoint.shown() + "): name those of one server with --dispatcher";
    return target;
  }
  const auto configured = topology::configured(first.topology, first.streams);
  target.by_default = !configured;
  const auto& declared = configured ? *configured : topology::caracal();
  if (declared.empty()) {
    target.problem =
        "topology is none, and no stream is declared: declare them as [streams.\"name\"] in the configuration file, "
        "or "
        "set topology = \"caracal\"";
    return target;
  }
  target.endpoint = redis_endpoint(first);
  target.timeout = std::max(first.redis.connect_timeout, first.redis.timeout);
  const Cutters cutters{dispatchers};
  for (const auto& [name, stream] : declared) target.wanted.push_back(wanted_of(cutters, name, &stream));
  return target;
}

std::vector<streams::Wanted> streams_in_use(const Dispatchers& dispatchers,
                                            const std::vector<std::string>& published) {
  const auto& first = dispatchers.front();
  const auto declared = topology::configured(first.topology, first.streams).value_or(topology::Streams{});
  std::vector<streams::Wanted> wanted;
  wanted.reserve(declared.size() + published.size());
  const Cutters cutters{dispatchers};
  for (const auto& [name, stream] : declared) wanted.push_back(wanted_of(cutters, name, &stream));
  std::set<std::string> known;
  const auto add = [&](const std::string& name) {
    if (!declared.contains(name) && known.insert(name).second) wanted.push_back(wanted_of(cutters, name, nullptr));
  };
  for (const auto& name : streams_of_dispatchers(dispatchers)) add(name);
  for (const auto& name : published) add(name);
  return wanted;
}

void add_streams_of_dispatchers(const Dispatchers& dispatchers, StreamsTarget& target) {
  auto names = streams_of_dispatchers(dispatchers);
  for (const auto& stream : target.wanted) names.erase(stream.name);
  const Cutters cutters{dispatchers};
  for (const auto& name : names) target.wanted.push_back(wanted_of(cutters, name, nullptr));
  sort_by_name(target);
}

void keep_only_streams(const std::vector<std::string>& names, const Dispatchers& dispatchers, StreamsTarget& target) {
  if (names.empty()) return;
  std::erase_if(target.wanted, [&](const auto& stream) { return !contains(names, stream.name); });
  std::set<std::string> others{names.begin(), names.end()};
  for (const auto& stream : target.wanted) others.erase(stream.name);
  const Cutters cutters{dispatchers};
  for (const auto& name : others) target.wanted.push_back(wanted_of(cutters, name, nullptr));
  sort_by_name(target);
}

}  // namespace outboxd::daemon
