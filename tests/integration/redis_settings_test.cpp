// SPDX-License-Identifier: Apache-2.0
// Redis' settings are checked at the start: settings that endanger streams cause warnings, but don't stop the daemon.
#include "support/outbox_table.hpp"

#include <doctest/doctest.h>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::insert_row;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;
using outboxd::test::with;

namespace {

/// Publishes one row to this Redis and returns the log.
std::string log_of_publishing(const PrivateRedis& redis, const std::string& user = "") {
  const auto database = contract_database();
  insert_row(database, "a", "stream", "{}");
  const auto url = "redis://" + user + "127.0.0.1:" + std::to_string(redis.port());
  const auto ended = run_outboxd({"--once"}, with(outboxd_environment(database), {{"REDIS_URL", url}}));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  return ended.err;
}

}  // namespace

TEST_CASE("a Redis with the right settings causes no warning") {
  const PrivateRedis redis({"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"});
  const auto log = log_of_publishing(redis);
  CHECK_MESSAGE(!contains(log, "Redis at"), log);
  CHECK_MESSAGE(!contains(log, "maxmemory"), log);
}

TEST_CASE("each wrong setting causes a warning, and rows are published") {
  const PrivateRedis redis({"appendonly no", "appendfsync no", "maxmemory-policy allkeys-lru"});
  const auto log = log_of_publishing(redis);
  for (const char* setting : {"appendonly no", "appendfsync no", "maxmemory-policy allkeys-lru"}) {
    CHECK_MESSAGE(contains(log, setting), setting);
  }
}

TEST_CASE("a bound that trims unread entries causes a warning before the first trim, if the user has the rights") {
  const PrivateRedis redis({"user narrow on >pw-narrow ~* resetchannels -@all +xadd",
                            "user blind on >pw-blind ~* resetchannels -@all +xadd +ping +xlen"});
  auto probe = redis.probe();
  probe.command("XGROUP", "CREATE", "stream", "behind", "0", "MKSTREAM");
  probe.command("XGROUP", "CREATE", "stream", "ahead", "0");
  for (int i = 0; i < 300; ++i) probe.command("XADD", "stream", "*", "n", "1");
  probe.command("XREADGROUP", "GROUP", "ahead", "c", "COUNT", "290", "STREAMS", "stream", ">");
  const auto publish = [&redis](const std::string& user, const std::string& maxlen, const std::string& trim) {
    const auto database = contract_database();
    insert_row(database, "a", "stream", "{}");
    const auto url = "redis://" + user + "127.0.0.1:" + std::to_string(redis.port());
    const auto ended = run_outboxd({"--once", "--maxlen", maxlen, "--trim", trim},
                                   with(outboxd_environment(database), {{"REDIS_URL", url}}));
    CHECK_MESSAGE(ended.status == 0, ended.err);
    return ended.err;
  };
  CHECK(!contains(publish("", "1000", "exact"), "trims"));
  // There is one more entry now, which no group has read.
  const auto lowered = publish("", "200", "exact");
  CHECK_MESSAGE(contains(lowered, "has 301 entries, and its bound is 200: the next XADD trims 102 of them"), lowered);
  CHECK_MESSAGE(contains(lowered, "not read: behind 102;"), lowered);
  CHECK(probe.xlen("stream") == 200);
  // Also of a stream with as many groups as there are consumers.
  for (int i = 0; i < 300; ++i) probe.command("XGROUP", "CREATE", "stream", "g" + std::to_string(i), "$");
  const auto many = publish("", "100", "exact");
  CHECK_MESSAGE(contains(many, "has 200 entries, and its bound is 100: the next XADD trims 101 of them"), many);
  for (const char* user : {"narrow:pw-narrow@", "blind:pw-blind@"}) {
    CHECK(!contains(publish(user, "50", "approximate"), "trims"));
  }
}

TEST_CASE("if the answer to the check of a bound can't be read, rows are published nevertheless") {
  const PrivateRedis redis;
  auto probe = redis.probe();
  const auto database = contract_database();
  for (const std::string stream : {"a", "b", "c"}) {
    // Redis doesn't know this group's lag, and the stream's first entry is larger than a reply may be.
    probe.command("EVAL",
                  "redis.call('XADD', ARGV[1], '1-1', 'f', string.rep('v', 2000000)) redis.call('XADD', ARGV[1], "
                  "'2-1', 'n', '1') "
                  "redis.call('XADD', ARGV[1], '3-1', 'n', '1') "
                  "return redis.call('XGROUP', 'CREATE', ARGV[1], 'behind', '2-1')",
                  "0", stream);
    insert_row(database, stream, stream, "{}");
  }
  const auto ended = run_outboxd(
      {"--once", "--maxlen", "3", "--batch", "1"},
      with(outboxd_environment(database), {{"REDIS_URL", "redis://127.0.0.1:" + std::to_string(redis.port())}}));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK_MESSAGE(contains(ended.out, R"("published":3)"), ended.out);
}

TEST_CASE("if CONFIG GET is refused, the check is skipped; the rights to XADD and PING are enough") {
  const PrivateRedis redis({"user narrow on >pw-narrow ~stream ~other resetchannels -@all +xadd"});
  const auto log = log_of_publishing(redis, "narrow:pw-narrow@");
  CHECK(!contains(log, "appendonly"));
  CHECK(redis.probe().xlen("stream") == 1);
}
