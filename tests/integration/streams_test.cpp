// SPDX-License-Identifier: Apache-2.0
// `outboxd streams provision`, `verify` and `status` on a real Redis.
#include "redis/command_session.hpp"
#include "redis/consumer_lag.hpp"
#include "streams/look.hpp"
#include "support/model_stream.hpp"
#include "support/outbox_table.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <random>
#include <regex>
#include <string>
#include <vector>

using outboxd::test::contains;
using outboxd::test::Environment;
using outboxd::test::Finished;
using outboxd::test::ModelStream;
using outboxd::test::PrivateRedis;
using outboxd::test::RedisProbe;
using outboxd::test::run_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;

namespace {

using Words = std::vector<std::string>;

constexpr const char* kAudit = "caracal.audit.events";
constexpr const char* kRateLimit = "caracal.providers.ratelimit";

Environment environment(const PrivateRedis& redis, const std::string& user = "") {
  return {{"REDIS_URL", "redis://" + user + "127.0.0.1:" + std::to_string(redis.port())}};
}

Finished streams(const PrivateRedis& redis, const Words& words, const std::string& user = "") {
  Words command{"streams"};
  command.insert(command.end(), words.begin(), words.end());
  return run_outboxd(command, environment(redis, user));
}

/// What the services' own script runs at each start.
void provision_by_script(RedisProbe& probe) {
  for (const auto& [stream, group] : std::vector<std::pair<std::string, std::string>>{
           {kAudit, "audit-ingestor"},
           {kAudit, "siem-export"},
           {"caracal.audit.events.dlq", "audit-dlq-observer"},
           {"caracal.policy.invalidate", "opa-engine"},
           {"caracal.sessions.revoke", "sts-revocation"},
           {"caracal.keys.invalidate", "sts-keys"},
           {"caracal.agents.lifecycle", "coordinator-relay"},
           {"caracal.invocations.lifecycle", "invocations-observer"},
           {"caracal.delegations.invalidate", "delegations-observer"},
       }) {
    probe.send({"XGROUP", "CREATE", stream, group, "$", "MKSTREAM"});
  }
  probe.command("XADD", kRateLimit, "MAXLEN", "~", "1", "*", "init", "1");
}

/// All keys with their groups and lengths.
std::string state_of(RedisProbe& probe) {
  std::string state;
  auto keys = probe.command("KEYS", "*").elements;
  std::ranges::sort(keys, {}, &outboxd::test::RedisValue::text);
  for (const auto& key : keys) {
    state += key.text + " " + std::to_string(probe.xlen(key.text));
    for (const auto& group : probe.command("XINFO", "GROUPS", key.text).elements) {
      state += " " + group.elements.at(1).text + "@" + group.elements.at(7).text;
    }
    state += "\n";
  }
  return state;
}

}  // namespace

TEST_CASE("provisioning creates the contract's topology once, before and after the services' script") {
  const PrivateRedis redis;
  auto probe = redis.probe();
  CHECK(streams(redis, {"verify"}).status == 4);
  const auto planned = streams(redis, {"provision", "--dry-run"});
  CHECK(contains(planned.out, "redis-cli XGROUP CREATE caracal.keys.invalidate sts-keys '$' MKSTREAM\n"));
  CHECK(probe.command("DBSIZE").integer == 0);

  const auto first = streams(redis, {"provision"});
  CHECK_MESSAGE(first.status == 0, first.err);
  CHECK(contains(first.err, "the built-in one is used"));
  CHECK(contains(first.out, "created  caracal.keys.invalidate, group sts-keys  (of the built-in topology)\n"));
  CHECK(probe.xlen(kRateLimit) == 1);
  const auto state = state_of(probe);
  CHECK(!contains(state, "resource-revocation"));
  const auto second = streams(redis, {"provision"});
  CHECK(second.status == 0);
  CHECK(!contains(second.out, "created"));
  CHECK(state_of(probe) == state);
  CHECK(streams(redis, {"verify"}).status == 0);

  // The script adds an entry each time.
  provision_by_script(probe);
  provision_by_script(probe);
  CHECK(streams(redis, {"verify"}).status == 0);
  CHECK(!contains(streams(redis, {"provision"}).out, "created"));

  probe.command("FLUSHALL");
  provision_by_script(probe);
  CHECK(state_of(probe) == state);
  CHECK(!contains(streams(redis, {"provision"}).out, "created"));
  CHECK(state_of(probe) == state);
  const auto verified = streams(redis, {"verify"});
  CHECK(verified.status == 0);
  CHECK(
      contains(verified.out, "9 declared streams and 9 declared groups exist; provisioning would change nothing\n"));
  CHECK(streams(redis, {"verify", "--with-optional"}).status == 4);
  CHECK(contains(streams(redis, {"provision", "--with-optional"}).out, "group resource-revocation"));
  CHECK(streams(redis, {"verify", "--with-optional"}).status == 0);
}

TEST_CASE("several processes provision at once: nothing is created twice, and each succeeds") {
  const PrivateRedis redis;
  std::vector<std::unique_ptr<outboxd::test::Child>> processes;
  for (int i = 0; i < 4; ++i) {
    processes.push_back(outboxd::test::start_outboxd({"streams", "provision"}, environment(redis)));
  }
  for (const auto& process : processes) CHECK(process->wait() == 0);
  auto probe = redis.probe();
  CHECK(probe.xlen(kRateLimit) == 1);
  CHECK(probe.command("DBSIZE").integer == 9);
}

TEST_CASE("a key of another type, a stream over its bound, a missing group: named, and left as they are") {
  const PrivateRedis redis;
  auto probe = redis.probe();
  const TempDir folder;
  const auto file = folder
                        .write("t.toml",
                               "[streams.s]\nmaxlen = 10\ngroups = [{name = \"g\", start = \"0\"}]\n"
                               "[streams.dlq]\ndead_letter = true\ngroups = [\"d\"]\n")
                        .string();
  for (int i = 0; i < 200; ++i) probe.command("XADD", "s", "*", "n", "1");
  probe.command("SET", "dlq", "x");
  const auto refused = streams(redis, {"provision", "--config", file});
  CHECK(refused.status == 2);
  CHECK(contains(refused.err, "dlq is a key of type string, not a stream"));
  CHECK(contains(refused.err, "nothing was created"));
  CHECK(probe.command("XINFO", "GROUPS", "s").elements.empty());
  CHECK(streams(redis, {"verify", "--config", file}).status == 3);

  probe.command("DEL", "dlq");
  const auto provisioned = streams(redis, {"provision", "--config", file});
  CHECK(provisioned.status == 0);
  CHECK(contains(provisioned.err, "warning: s has 200 entries, and its bound is 10: it is left as it is"));
  CHECK(probe.xlen("s") == 200);
  CHECK(streams(redis, {"verify", "--config", file}).status == 5);
  // The group began at 0.
  CHECK(contains(streams(redis, {"status", "--json", "s", "--config", file}).out, R"("lag":200,)"));
  probe.command("XGROUP", "DESTROY", "dlq", "d");
  const auto missing = streams(redis, {"verify", "--json", "--config", file});
  CHECK(missing.status == 4);
  CHECK(contains(missing.out, R"({"finding":"missing","failure":true,"stream":"dlq","group":"d",)"));
}

TEST_CASE("logins with few rights: what they can't see is named, and no failure") {
  const PrivateRedis redis({"user maker on >pw ~* resetchannels -@all +xadd +xgroup|create",
                            "user reader on >pw ~* resetchannels -@all +type +xlen +xinfo|groups",
                            "user looker on >pw ~* resetchannels -@all +xlen +xinfo|groups +xinfo|stream "
                            "+xinfo|consumers +xpending"});
  const auto made = streams(redis, {"provision"}, "maker:pw@");
  CHECK_MESSAGE(made.status == 0, made.err);
  CHECK(streams(redis, {"provision"}, "maker:pw@").status == 0);
  CHECK(streams(redis, {"verify"}, "maker:pw@").status == 2);
  CHECK(streams(redis, {"verify"}, "reader:pw@").status == 0);
  const auto half = streams(redis, {"status"}, "reader:pw@");
  CHECK(half.status == 0);
  CHECK(contains(half.out, "unknown: this login has no right to run XINFO STREAM: caracal.agents.lifecycle"));
  const auto all = streams(redis, {"status"}, "looker:pw@");
  CHECK(contains(all.out, "unknown: this login has no right to run MEMORY USAGE: caracal.agents.lifecycle (memory)"));
  CHECK(!contains(all.out, "XPENDING"));

  redis.probe().command("FLUSHALL");
  const auto refused = streams(redis, {"provision"}, "reader:pw@");
  CHECK(refused.status == 1);
  CHECK(
      contains(refused.err, "caracal.keys.invalidate, group sts-keys: this login has no right to run XGROUP CREATE"));
  CHECK(!contains(refused.err + refused.out, "pw"));
}

TEST_CASE("status: what was trimmed unread, what is pending, and lags that Redis doesn't count") {
  const PrivateRedis redis;
  auto probe = redis.probe();
  for (int i = 1; i <= 300; ++i) probe.command("XADD", "s", std::to_string(i) + "-0", "n", "1");
  probe.command("XGROUP", "CREATE", "s", "behind", "0");
  probe.command("XGROUP", "CREATE", "s", "reads", "0");
  probe.command("XREADGROUP", "GROUP", "reads", "c", "COUNT", "150", "STREAMS", "s", ">");
  probe.command("XTRIM", "s", "MAXLEN", "=", "200");
  probe.command("XDEL", "s", "220-0");
  const auto shown = streams(redis, {"status", "s", "--maxlen", "100"});
  CHECK(shown.status == 0);
  // 220 is after the group's position, so that Redis has lost the count.
  CHECK_MESSAGE(std::regex_search(shown.out, std::regex(R"(\n  reads +1 +149 +150 +0 s +0 +50\n)")), shown.out);
  CHECK_MESSAGE(std::regex_search(shown.out, std::regex(R"(\n  behind +0 +199 +0 +- +unknown +100\n)")), shown.out);
  CHECK(contains(shown.out,
                 "unknown: entries after the group's position were deleted (XDEL), and Redis doesn't count "
                 "those: s, group behind (lost, at most 101)\n"));
  CHECK(contains(shown.out, "s, group reads: its oldest pending entry was trimmed or deleted"));
}

TEST_CASE("large entries and many groups and consumers are looked at like others; what is over all bounds is named") {
  const PrivateRedis redis;
  auto probe = redis.probe();
  std::vector<std::string> large{"XADD", "large", "*"};
  for (int i = 0; i < 600; ++i) {
    large.push_back("f" + std::to_string(i));
    large.push_back(std::string(i == 0 ? 2UL << 20U : 1UL, 'x'));
  }
  probe.send(large);
  for (int i = 0; i < 90; ++i) probe.command("XGROUP", "CREATE", "large", "g" + std::to_string(i), "0");
  for (int i = 0; i < 130; ++i) probe.command("XGROUP", "CREATECONSUMER", "large", "g0", "c" + std::to_string(i));
  for (int i = 1; i <= 250; ++i) {
    const auto id = std::to_string(i) + "-0";
    probe.command("XADD", "six", id, "a", "1", "b", "1", "c", "1", "d", "1", "e", "1", "f", "1");
  }
  probe.command("XGROUP", "CREATE", "six", "g", "20-0");
  const TempDir folder;
  const auto file = folder
                        .write("t.toml",
                               "[streams.large]\ngroups = [\"g0\"]\n[streams.six]\ngroups = [\"g\"]\n"
                               "[dispatcher]\nstreams = [\"large\", \"six\"]\n")
                        .string();
  for (const auto* command : {"provision", "verify", "status"}) {
    const auto ended = streams(redis, {command, "--config", file});
    CHECK_MESSAGE(ended.status == 0, ended.err);
  }
  const auto shown = streams(redis, {"status", "--json", "--config", file}).out;
  CHECK_MESSAGE(contains(shown, R"("consumer_count":130,)"), shown);
  // The group was placed, so that its unread entries must be counted, in pages of 600 fields.
  CHECK_MESSAGE(contains(shown, R"("lag":230,)"), shown);

  const auto doctor = run_outboxd({"doctor", "--json", "--config", file},
                                  outboxd::test::outboxd_environment(outboxd::test::contract_database(), redis));
  CHECK_MESSAGE(contains(doctor.out, R"("subject":"group g0 of stream large")"), doctor.out);

  outboxd::redis::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = redis.port();
  outboxd::redis::CommandSession narrow{endpoint, std::chrono::seconds{30}, {.bytes = 1UL << 20U, .items = 1'400}};
  const auto report =
      outboxd::streams::report_on(narrow, std::vector<outboxd::streams::Wanted>{{.name = "large"}, {.name = "six"}});
  const auto& seen = report.streams.front().seen;
  CHECK(seen.length == 1);
  REQUIRE(seen.groups);
  CHECK(seen.groups->size() == 90);
  CHECK_MESSAGE(seen.why_no_info.starts_with("XINFO STREAM: Redis at "), seen.why_no_info);
  CHECK(contains(seen.why_no_info, " gave an answer of more than 1 MiB or 1400 items"));
  CHECK(seen.groups->front().consumers.size() == 130);
  const auto& six = report.streams.back();
  CHECK(six.seen.info);
  CHECK(!six.groups.front().lag.number);
}

TEST_CASE("status --watch repeats until SIGINT; a server that is gone or silent is named, within the time-out") {
  PrivateRedis redis;
  const auto watching =
      outboxd::test::start_outboxd({"streams", "status", "--watch", "--every", "1"}, environment(redis));
  wait_until([&] { return outboxd::test::occurrences(watching->out(), "STREAM ") >= 2; });
  watching->signal(SIGINT);
  CHECK(watching->wait() == 128 + SIGINT);
  const auto address = "127.0.0.1:" + std::to_string(redis.port());
  redis.pause();
  const auto silent = run_outboxd({"streams", "verify", "--redis-timeout", "50ms", "--redis-connect-timeout", "50ms"},
                                  environment(redis));
  CHECK(silent.status == 2);
  CHECK_MESSAGE(contains(silent.err, address), silent.err);
  redis.resume();
  redis.stop();
  for (const auto* command : {"provision", "verify", "status"}) {
    const auto gone = streams(redis, {command});
    CHECK(gone.status == 2);
    CHECK_MESSAGE(contains(gone.err, std::string{"outboxd streams "} + command + ": "), gone.err);
    CHECK(contains(gone.err, address));
  }
}

TEST_CASE("a declared bound is what the daemon cuts the stream to") {
  const auto database = outboxd::test::contract_database();
  const PrivateRedis redis;
  const TempDir folder;
  outboxd::test::insert_rows(database, "r", "mine", 60);
  const auto file = folder.write("t.toml", "[streams.mine]\nmaxlen = 50\n[dispatcher]\ntrim = \"exact\"\n").string();
  const auto ended = run_outboxd({"--once", "--config", file}, outboxd::test::outboxd_environment(database, redis));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(redis.probe().xlen("mine") == 50);
}

// The unit test of the figures trusts a model of Redis; this compares the model with the real one.
TEST_CASE("what Redis answers about a stream is what the model says, whatever happened to it") {
  const PrivateRedis server;
  outboxd::redis::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = server.port();
  outboxd::redis::CommandSession redis{endpoint, std::chrono::seconds{30}};
  const bool exact = outboxd::redis::counts_reads_exactly(redis.call({"INFO", "server"}).text);
  std::mt19937 random{7};
  const auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
  };
  for (int life = 0; life < 60; ++life) {
    ModelStream model{exact ? ModelStream::Counting::redis_8_0 : ModelStream::Counting::redis_7_0};
    const auto key = "s" + std::to_string(life);
    redis.call({"XGROUP", "CREATE", key, "g", "$", "MKSTREAM"});
    for (int step = 0; step < 40; ++step) {
      switch (below(7)) {
        case 0:
        case 1:
          for (auto count = 1 + below(6); count > 0; --count) {
            model.add();
            redis.call({"XADD", key, std::to_string(model.last_id()) + "-0", "n", "1"});
          }
          break;
        case 2: {
          const auto maxlen = below(10);
          model.trim(maxlen);
          redis.call({"XTRIM", key, "MAXLEN", "=", std::to_string(maxlen)});
          break;
        }
        case 3:
        case 4: {
          const auto count = 1 + below(5);
          model.read(count);
          redis.call({"XREADGROUP", "GROUP", "g", "c", "COUNT", std::to_string(count), "STREAMS", key, ">"});
          break;
        }
        default:
          if (!model.present().empty()) {
            const auto id = *std::next(model.present().begin(), static_cast<long>(below(model.present().size())));
            model.remove(id);
            redis.call({"XDEL", key, std::to_string(id) + "-0"});
          }
      }
      const auto info = outboxd::redis::read_stream_info(redis.call({"XINFO", "STREAM", key}));
      const auto groups = outboxd::redis::read_groups(redis.call({"XINFO", "GROUPS", key}));
      REQUIRE(info);
      REQUIRE(groups.size() == 1);
      CAPTURE(life);
      CAPTURE(step);
      CHECK(info->length == model.info().length);
      CHECK(info->entries_added == model.info().entries_added);
      CHECK(info->max_deleted->milliseconds == model.info().max_deleted->milliseconds);
      CHECK(groups[0].last_delivered_id == model.group().last_delivered_id);
      CHECK(groups[0].entries_read == model.group().entries_read);
      // The same judgement from the real answers.
      const auto lag = outboxd::redis::unread(*info, groups[0], exact);
      const auto lost = outboxd::redis::lost_unread(*info, groups[0], exact);
      CHECK(lag.number.value_or(model.unread()) == model.unread());
      CHECK(lost.number.value_or(model.lost()) == model.lost());
      CHECK(lost.at_most.value_or(model.lost()) >= model.lost());
    }
  }
}
