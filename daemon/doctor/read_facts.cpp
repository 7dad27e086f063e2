// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/readers.hpp"
#include "daemon/doctor/words.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "daemon/settings/streams_from_settings.hpp"
#include "entry/encoder.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::daemon::doctor {
namespace {

std::string milliseconds_text(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

SharedTableFacts shared_table_of(const config::Settings& settings) {
  const auto& dispatcher = settings.dispatcher;
  return {.dispatcher = dispatcher.name,
          .database = settings.postgres.url,
          .table = dispatcher.table,
          .streams = dispatcher.streams,
          .settings = {{"dispatcher.lease", milliseconds_text(dispatcher.lease)},
                       {"dispatcher.max_attempts", std::to_string(dispatcher.max_attempts)},
                       {"dispatcher.maxlen", std::to_string(dispatcher.maxlen)},
                       {"dispatcher.max_payload_bytes", std::to_string(dispatcher.max_payload_bytes)},
                       {"profile (retry delays)", settings.profile == Profile::api ? "api" : "coordinator"}}};
}

bool is_same_server(const redis::Endpoint& one, const redis::Endpoint& other) {
  return one.shown == other.shown && one.username == other.username;
}

/// The dispatcher's Redis among the targets; a new one if it is not there yet.
RedisTarget& target_of(std::vector<RedisTarget>& targets, const config::Settings& settings) {
  const auto endpoint = redis_endpoint(settings);
  const auto known = std::ranges::find_if(
      targets, [&endpoint](const auto& target) { return is_same_server(target.endpoint, endpoint); });
  if (known != targets.end()) return *known;
  targets.push_back({.endpoint = endpoint, .timeout = settings.redis.timeout, .signing_key = settings.signing_key});
  return targets.back();
}

/// Without a configured topology it isn't known which streams should exist.
void add_topology(RedisTarget& target, const std::vector<config::Settings>& dispatchers) {
  std::vector<config::Settings> here;
  for (const auto& settings : dispatchers) {
    if (is_same_server(redis_endpoint(settings), target.endpoint)) here.push_back(settings);
  }
  auto declared = streams_target(here);
  if (declared.problem.empty() && !declared.by_default) target.wanted = std::move(declared.wanted);
}

}  // namespace

void add_streams(RedisTarget& target, const config::Settings& settings, const std::vector<std::string>& seen) {
  const auto& dispatcher = settings.dispatcher;
  const auto bounds = publisher_options(settings).bounds;
  const auto add = [&](const std::string& stream) {
    const auto has = [&stream](const auto& list) { return std::ranges::find(list, stream) != list.end(); };
    const bool is_ours = (dispatcher.streams.empty() || has(dispatcher.streams)) && !has(dispatcher.exclude_streams);
    // Rows of a stream whose name is no name are dead, and nothing is ever written to it.
    if (!is_ours || !entry::stream_refusal(stream).empty()) return;
    if (!has(target.streams)) target.streams.push_back(stream);
    const auto bound = bounds.of(stream);
    const auto known = target.bounds.maxlen.find(stream);
    if (known != target.bounds.maxlen.end() && known->second <= bound.maxlen) return;
    target.bounds.maxlen[stream] = bound.maxlen;
    target.bounds.exact[stream] = bound.exact;
  };
  for (const auto& stream : dispatcher.streams) add(stream);
  for (const auto& [stream, maxlen] : dispatcher.stream_maxlen) add(stream);
  for (const auto& stream : seen) add(stream);
}

void add_declared_streams(RedisTarget& target) {
  for (const auto& wanted : target.wanted) {
    const bool is_known = std::ranges::find(target.streams, wanted.name) != target.streams.end();
    if (is_known || !wanted.is_declared || !wanted.cut_to) continue;
    target.only_declared.push_back(wanted.name);
    target.bounds.maxlen[wanted.name] = wanted.cut_to->maxlen;
    target.bounds.exact[wanted.name] = wanted.cut_to->exact;
  }
}

std::string why_no_streams(const PostgresFacts& facts) {
  const auto table = "table " + plain_name(facts.table_name());
  if (!facts.unreachable.empty()) return "Postgres could not be asked for the rows of " + table;
  if (!facts.rows.known) return "the rows of " + table + " could not be read (" + facts.rows.why_not + ")";
  const auto& why = facts.rows.known->why_incomplete;
  if (!why.empty()) return "the streams of " + table + " could not be read (" + why + ")";
  return table + " has no rows";
}

HostFacts read_host(const config::Loaded& loaded) {
  HostFacts facts{.mode = loaded.settings.mode,
                  .key_bytes = loaded.settings.signing_key.size(),
                  .signing = signing_state_of(loaded.settings),
                  .warnings = loaded.warnings,
                  .daemon = ask_daemon(loaded.settings.http)};
  for (const auto& effective : loaded.effective) {
    if (effective.path != "signing.key") continue;
    facts.key_from = effective.origin.read_from.empty() ? effective.origin.shown() : effective.origin.read_from;
  }
  for (const auto& settings : loaded.dispatchers) facts.dispatchers.push_back(shared_table_of(settings));
  return facts;
}

Facts read_facts(const config::Loaded& loaded) {
  Facts facts{.host = read_host(loaded)};
  std::vector<RedisTarget> targets;
  for (const auto& settings : loaded.dispatchers) {
    auto& postgres = facts.postgres.emplace_back(read_postgres(settings));
    auto& target = target_of(targets, settings);
    target.why_no_streams.append(target.why_no_streams.empty() ? "" : "; ").append(why_no_streams(postgres));
    add_streams(target, settings, postgres.rows.known ? postgres.rows.known->streams : std::vector<std::string>{});
  }
  for (auto& target : targets) {
    add_topology(target, loaded.dispatchers);
    add_declared_streams(target);
    facts.redis.push_back(read_redis(target));
  }
  return facts;
}

}  // namespace outboxd::daemon::doctor
