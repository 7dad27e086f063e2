// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/page.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <initializer_list>
#include <limits>
#include <utility>

namespace outboxd::stream_metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kStale = "stale";

template <class Number>
double value_of(const std::optional<Number>& number) {
  return number ? static_cast<double>(*number) : kUnknown;
}

double seconds_of(const std::optional<std::chrono::milliseconds>& time) {
  return time ? std::chrono::duration<double>(*time).count() : kUnknown;
}

using Labels = std::vector<ClientMetric::Label>;

Labels with(const Labels& labels, const char* name, std::string_view value) {
  auto more = labels;
  more.push_back({name, std::string{value}});
  return more;
}

struct Family {
  MetricFamily family;

  Family(MetricType type, const char* name, const char* help) {
    family.name = name;
    family.help = help;
    family.type = type;
  }
  void add(const Labels& labels, double value) {
    auto& metric = family.metric.emplace_back();
    metric.label = labels;
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
};

struct Gauge : Family {
  Gauge(const char* name, const char* help) : Family{MetricType::Gauge, name, help} {}
};
struct Counter : Family {
  Counter(const char* name, const char* help) : Family{MetricType::Counter, name, help} {}
};

/// The families of the sampling itself and of the servers.
struct OfServers {
  Gauge of{"outboxd_dispatcher_redis_info", "Always 1; which dispatcher uses which Redis."};
  Gauge taken{"outboxd_streams_sample_timestamp_seconds",
              "When the streams of this Redis were last sampled, in seconds since 1970; 0: never."};
  Counter failures{"outboxd_streams_sample_failures_total", "Samples of this Redis that failed."};
  Gauge took{"outboxd_streams_sample_seconds", "How long the last sample of this Redis took."};
  Gauge streams_left_out{
      "outboxd_streams_not_sampled",
      "Streams in use that are not sampled, as they are too many, or their names can't be labels."};
  Gauge groups_left_out{"outboxd_stream_groups_not_sampled",
                        "Consumer groups that are not sampled, for the same reasons."};
  Gauge used{"outboxd_redis_memory_used_bytes", "Memory that Redis uses (used_memory)."};
  Gauge limit{"outboxd_redis_memory_limit_bytes", "Memory that Redis may use (maxmemory); +Inf: no limit is set."};
  Gauge role{"outboxd_redis_role", "1 for the server's role, 0 for the other one."};
  Gauge replicas{"outboxd_redis_connected_replicas", "Replicas that are connected to this Redis."};
  Gauge offset{"outboxd_redis_replication_offset_bytes", "The server's replication offset."};

  void add(const Sampled& server, bool is_fresh) {
    const Labels labels{{"redis", server.redis}};
    for (const auto& dispatcher : server.dispatchers) of.add(with(labels, "dispatcher", dispatcher), 1);
    taken.add(labels, server.taken ? std::chrono::duration<double>(server.taken_at.time_since_epoch()).count() : 0);
    failures.add(labels, static_cast<double>(server.failures));
    took.add(labels, is_fresh ? std::chrono::duration<double>(server.took).count() : kUnknown);
    streams_left_out.add(labels, static_cast<double>(server.latest.streams_left_out));
    groups_left_out.add(labels, is_fresh ? static_cast<double>(server.latest.groups_left_out) : kUnknown);
    const auto figures = is_fresh ? server.latest.server : ServerFigures{};
    used.add(labels, value_of(figures.used_memory));
    const bool has_no_limit = figures.max_memory == 0;
    limit.add(labels, has_no_limit ? std::numeric_limits<double>::infinity() : value_of(figures.max_memory));
    for (const auto* known : {"master", "replica"}) {
      role.add(with(labels, "role", known), figures.role.empty() ? kUnknown : figures.role == known ? 1 : 0);
    }
    replicas.add(labels, value_of(figures.connected_replicas));
    offset.add(labels, value_of(figures.replication_offset));
  }

  std::vector<Family*> all() {
    return {&of,    &taken, &failures, &took,  &streams_left_out, &groups_left_out, &used,
            &limit, &role,  &replicas, &offset};
  }
};

struct OfStreams {
  Gauge length{"outboxd_stream_entries", "Entries in the stream."};
  Gauge bound{"outboxd_stream_bound_entries", "The bound to which dispatchers cut the stream, or its declared one."};
  Counter added{"outboxd_stream_entries_added_total", "Entries that were ever added to the stream, by any producer."};
  Gauge memory{"outboxd_stream_memory_bytes", "Memory of the stream, as MEMORY USAGE estimates it."};
  Gauge last_id{"outboxd_stream_last_id_timestamp_seconds",
                "The time in the id of the last entry that was added, in seconds since 1970."};
  Counter went_back{"outboxd_stream_went_back_total",
                    "Times that the stream's last id or number of added entries was lower than before: it was "
                    "deleted, or Redis has lost entries."};
  Gauge dead_letters{"outboxd_stream_dead_letters", "Entries in a stream that is declared as one of dead letters."};
  Gauge unknown{"outboxd_stream_unknown", "1 where the stream's figures are not known, and why."};

  void add(const StreamSample& stream, const Labels& labels) {
    length.add(labels, value_of(stream.length));
    if (stream.bound) bound.add(labels, value_of(stream.bound));
    if (stream.entries_added) added.add(labels, value_of(stream.entries_added));
    memory.add(labels, value_of(stream.memory));
    last_id.add(labels, seconds_of(stream.last_id));
    went_back.add(labels, static_cast<double>(stream.went_back));
    if (stream.is_dead_letter) dead_letters.add(labels, value_of(stream.length));
    if (!stream.why_unknown.empty()) unknown.add(with(labels, "reason", stream.why_unknown), 1);
  }

  std::vector<Family*> all() {
    return {&length, &bound, &added, &memory, &last_id, &went_back, &dead_letters, &unknown};
  }
};

struct OfGroups {
  Gauge lag{"outboxd_stream_group_lag", "Entries in the stream that the group has not read; NaN: not known."};
  Gauge lag_unknown{"outboxd_stream_group_lag_unknown", "1 where the lag is not known, and why."};
  Gauge at_risk{"outboxd_stream_group_at_risk",
                "Entries that the group has not read, and that the next XADD trims; NaN: not known."};
  Gauge trimmed{"outboxd_stream_group_trimmed_unread",
                "Entries after the group's position that are trimmed already; it passes them when it reads on."};
  Gauge trimmed_unknown{"outboxd_stream_group_trimmed_unread_unknown", "1 where that is not known, and why."};
  Counter lost{"outboxd_stream_group_lost_entries_total",
               "Entries that were proved to be trimmed before the group read them, since the daemon's start."};
  Gauge pending{"outboxd_stream_group_pending", "Entries that consumers have got and not acknowledged."};
  Gauge idle{"outboxd_stream_group_oldest_pending_idle_seconds",
             "Since the oldest pending entry was last delivered; 0: nothing is pending."};
  Gauge consumers{"outboxd_stream_group_consumers", "Consumers of the group."};

  void add(const GroupSample& group, const Labels& labels) {
    lag.add(labels, value_of(group.lag.number));
    if (!group.lag.number) lag_unknown.add(with(labels, "reason", group.lag.word), 1);
    at_risk.add(labels, value_of(group.at_risk.number));
    trimmed.add(labels, value_of(group.trimmed_unread.number));
    if (!group.trimmed_unread.number) trimmed_unknown.add(with(labels, "reason", group.trimmed_unread.word), 1);
    lost.add(labels, static_cast<double>(group.lost_total));
    pending.add(labels, value_of(group.pending));
    idle.add(labels, seconds_of(group.oldest_pending_idle));
    consumers.add(labels, value_of(group.consumers));
  }

  std::vector<Family*> all() {
    return {&lag, &lag_unknown, &at_risk, &trimmed, &trimmed_unknown, &lost, &pending, &idle, &consumers};
  }
};

}  // namespace

std::string text_of(const std::deque<Sampled>& servers, TimePoint now) {
  OfServers of_servers;
  OfStreams of_streams;
  OfGroups of_groups;
  for (const auto& server : servers) {
    const bool is_fresh = server.is_fresh(now);
    of_servers.add(server, is_fresh);
    for (const auto& latest : server.latest.streams) {
      const bool is_stale = server.taken && !is_fresh;
      const auto stream = is_stale ? without_figures(latest, kStale) : latest;
      const Labels labels{{"redis", server.redis}, {"stream", stream.name}};
      of_streams.add(stream, labels);
      for (const auto& group : stream.groups) of_groups.add(group, with(labels, "group", group.name));
    }
  }
  std::vector<MetricFamily> families;
  for (const auto& part : {of_servers.all(), of_streams.all(), of_groups.all()}) {
    for (auto* family : part) families.push_back(std::move(family->family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

const std::string& Page::text(TimePoint now) {
  std::vector<bool> fresh;
  for (const auto& server : servers_) fresh.push_back(server.is_fresh(now));
  if (text_.empty() || fresh != fresh_) {
    text_ = text_of(servers_, now);
    fresh_ = std::move(fresh);
  }
  return text_;
}

}  // namespace outboxd::stream_metrics
