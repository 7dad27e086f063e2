// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/readers.hpp"
#include "daemon/doctor/words.hpp"
#include "redis/command_session.hpp"
#include "redis/consumer_lag.hpp"
#include "streams/look.hpp"
#include "streams/verdict.hpp"

#include <algorithm>
#include <array>
#include <exception>

namespace outboxd::daemon::doctor {
namespace {

using redis::CommandSession;
using redis::Value;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::size_t kMostStreams = 100;

std::string cli_for(const redis::Endpoint& endpoint) {
  std::string cli = "redis-cli";
  if (!endpoint.unix_path.empty()) {
    cli += " -s " + shell_word(endpoint.unix_path);
  } else {
    cli += " -h " + shell_word(endpoint.host) + " -p " + std::to_string(endpoint.port);
  }
  if (!endpoint.username.empty()) cli += " --user " + shell_word(endpoint.username);
  if (!endpoint.password.empty()) cli += " --askpass";
  if (endpoint.database != 0) cli += " -n " + std::to_string(endpoint.database);
  return cli;
}

void read_info(CommandSession& session, RedisFacts& facts) {
  const auto info = session.call({"INFO"});
  if (info.kind == Value::Kind::error) {
    facts.why_no_info = info.text;
  } else {
    facts.info = fields_of_info(info.text);
  }
}

/// CONFIG is renamed away or forbidden on managed servers; one refusal stands for all.
void read_settings(CommandSession& session, RedisFacts& facts) {
  for (const auto* setting : {"maxmemory-policy", "appendonly", "appendfsync", "min-replicas-to-write"}) {
    const auto answer = session.call({"CONFIG", "GET", setting});
    if (answer.kind == Value::Kind::error) {
      facts.why_no_settings = answer.text;
      return;
    }
    if (answer.items.size() == 2) facts.settings[setting] = answer.items[1].text;
  }
}

void read_clock(CommandSession& session, RedisFacts& facts) {
  const auto before = system_clock::now();
  const auto answer = session.call({"TIME"});
  const auto after = system_clock::now();
  if (answer.items.size() != 2) {
    facts.why_no_clock = answer.text.empty() ? "an unexpected answer" : answer.text;
    return;
  }
  const auto time = seconds{std::strtoll(answer.items[0].text.c_str(), nullptr, 10)} +
                    std::chrono::microseconds{std::strtoll(answer.items[1].text.c_str(), nullptr, 10)};
  const auto ours = before + (after - before) / 2;
  facts.clock_ahead = std::chrono::duration_cast<milliseconds>(system_clock::time_point{time} - ours);
}

void read_round_trip(CommandSession& session, RedisFacts& facts) {
  std::array<std::chrono::microseconds, 5> times{};
  for (auto& time : times) {
    const auto before = std::chrono::steady_clock::now();
    (void)session.call({"PING"});
    time = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - before);
  }
  std::ranges::sort(times);
  facts.round_trip = times[times.size() / 2];
}

/// Redis checks the right to a command, its memory, its role and its disk before it reads a command's arguments. So
/// the answer to an XADD whose bound is no number shows what a correct one would meet; it never adds an entry.
std::string refusal_of_xadd(CommandSession& session, const std::string& stream) {
  const auto answer = session.call({"XADD", stream, "NOMKSTREAM", "MAXLEN", "none", "*", "probe", "1"});
  return answer.kind == Value::Kind::error ? refusal_in(answer.text) : "";
}

/// What the next XADD trims of entries that groups have not read.
void read_trim(CommandSession& session, const RedisTarget& target, std::vector<redis::Group> groups,
               StreamFacts& stream) {
  const auto length = session.call({"XLEN", stream.name});
  if (length.kind != Value::Kind::integer || length.number < 0) return;
  const auto warning = [&] {
    return redis::trim_warning(stream.name, static_cast<std::uint64_t>(length.number), groups,
                               target.bounds.of(stream.name), target.endpoint.shown);
  };
  stream.trim_warning = warning().value_or("");
  std::erase_if(groups, [](const auto& group) { return redis::needs_ids({group}); });
  stream.trim_is_certain = warning().has_value();
}

void read_streams(CommandSession& session, const RedisTarget& target, RedisFacts& facts) {
  const bool exact_counters = redis::counts_reads_exactly(session.call({"INFO", "server"}).text);
  const auto now = system_clock::now() + facts.clock_ahead.value_or(milliseconds{0});
  auto names = target.streams;
  names.insert(names.end(), target.only_declared.begin(), target.only_declared.end());
  for (std::size_t i = 0; i < std::min(names.size(), kMostStreams); ++i) {
    StreamFacts stream{.name = names[i], .is_only_declared = i >= target.streams.size()};
    const auto type = session.call({"TYPE", stream.name});
    if (type.kind == Value::Kind::status) stream.type = type.text;
    stream.refusal = refusal_of_xadd(session, stream.name);
    const auto groups = read_groups(session, now, exact_counters, stream);
    if (!groups.empty()) read_trim(session, target, groups, stream);
    if (!stream.is_only_declared) read_signatures(session, target.signing_key, stream);
    facts.streams.push_back(std::move(stream));
  }
}

}  // namespace

RedisFacts read_redis(const RedisTarget& target) {
  const auto& endpoint = target.endpoint;
  RedisFacts facts{.server = endpoint.shown,
                   .cli = cli_for(endpoint),
                   .host = endpoint.unix_path.empty() ? endpoint.host : endpoint.unix_path,
                   .username = endpoint.username,
                   .database = endpoint.database,
                   .why_no_streams = target.why_no_streams};
  try {
    CommandSession session{endpoint, target.timeout, redis::kBoundsOfLooks};
    read_info(session, facts);
    read_settings(session, facts);
    read_clock(session, facts);
    read_round_trip(session, facts);
    read_streams(session, target, facts);
    if (!target.wanted.empty()) {
      const auto seen = streams::look(session, target.wanted);
      facts.against_topology =
          streams::findings_of(target.wanted, seen, streams::plan_of(target.wanted, seen, false));
    }
  } catch (const std::exception& error) {
    facts.unreachable = error.what();
  }
  return facts;
}

}  // namespace outboxd::daemon::doctor
