// SPDX-License-Identifier: Apache-2.0
// The metrics of the streams, sampled by a daemon on a real Redis.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <string>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_rows;
using outboxd::test::occurrences;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;

namespace {

constexpr std::chrono::seconds kPatience{60};

/// The /metrics of a daemon.
class Metrics {
 public:
  explicit Metrics(const Child& outboxd, const PrivateRedis& redis)
      : port_{http_port(outboxd)}, redis_{"127.0.0.1:" + std::to_string(redis.port()) + "/0"} {}

  [[nodiscard]] std::string page() const { return http_get(port_, "/metrics").body; }

  /// The value of outboxd_NAME with these labels beside that of Redis; "absent" where there is none.
  [[nodiscard]] std::string value(const std::string& name, const std::string& labels = "") const {
    const auto series = "outboxd_" + name + "{redis=\"" + redis_ + "\"" + (labels.empty() ? "" : ",") + labels + "} ";
    std::istringstream lines(page());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series)) return line.substr(series.size());
    }
    return "absent";
  }

  void wait_for(const std::string& value, const std::string& name, const std::string& labels = "") const {
    std::string last;
    try {
      wait_until([&] { return (last = this->value(name, labels)) == value; }, kPatience);
    } catch (const std::exception&) {
      FAIL(name << " " << labels << " is " << last << " instead of " << value);
    }
  }

  /// Waits for samples that began after this call.
  void wait_for_samples(int count) const {
    auto last = value("streams_sample_timestamp_seconds");
    for (int i = 0; i < count; ++i) {
      wait_until([&] { return value("streams_sample_timestamp_seconds") != last; }, kPatience, "another sample");
      last = value("streams_sample_timestamp_seconds");
    }
  }

  [[nodiscard]] bool is_ready() const { return http_get(port_, "/readyz").status == 200; }

 private:
  std::uint16_t port_;
  std::string redis_;
};

std::string of(const std::string& stream, const std::string& group = "", const std::string& reason = "") {
  auto labels = "stream=\"" + stream + "\"";
  if (!group.empty()) labels += ",group=\"" + group + "\"";
  return reason.empty() ? labels : labels + ",reason=\"" + reason + "\"";
}

}  // namespace

TEST_CASE("stream metrics: a group that stalls until entries are trimmed, deleted entries, and a Redis that goes") {
  const auto database = contract_database();
  PrivateRedis redis;
  auto probe = redis.probe();
  probe.command("XGROUP", "CREATE", "mine", "stalls", "0", "MKSTREAM");
  probe.command("XGROUP", "CREATE", "other", "g", "0", "MKSTREAM");
  for (int i = 1; i <= 5; ++i) probe.command("XADD", "other", std::to_string(i) + "-0", "n", "1");
  probe.command("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "other", ">");
  probe.command("XDEL", "other", "4-0");
  for (int i = 0; i < 3; ++i) probe.command("XADD", "dlq", "*", "n", "1");
  probe.command("XADD", "large", "*", "field", std::string(3UL << 20U, 'x'));

  const TempDir folder;
  const auto file = folder
                        .write("t.toml",
                               "[metrics]\nstreams_interval = \"1s\"\n[redis]\ntimeout = \"1s\"\n"
                               "connect_timeout = \"1s\"\n"
                               "[streams.mine]\nmaxlen = 50\ngroups = [{name = \"stalls\", start = \"0\"}]\n"
                               "[streams.other]\ngroups = [\"g\", \"never-created\"]\n"
                               "[streams.dlq]\ndead_letter = true\n[streams.large]\n"
                               "[dispatcher]\ntrim = \"exact\"\npoll_interval = \"20ms\"\n")
                        .string();
  const auto outboxd =
      start_outboxd({"--config", file, "--http-listen", "127.0.0.1:0"}, outboxd_environment(database, redis));
  const Metrics metrics{*outboxd, redis};
  CHECK(metrics.value("stream_group_lost_entries_total", of("mine", "stalls")) == "0");

  insert_rows(database, "a", "mine", 40);
  wait_until([&] { return probe.xlen("mine") == 40; }, kPatience, "the entries");
  probe.command("XREADGROUP", "GROUP", "stalls", "c", "COUNT", "10", "STREAMS", "mine", ">");
  metrics.wait_for("30", "stream_group_lag", of("mine", "stalls"));
  CHECK(metrics.value("stream_group_pending", of("mine", "stalls")) == "10");
  CHECK(metrics.value("stream_group_consumers", of("mine", "stalls")) == "1");
  CHECK(std::atof(metrics.value("stream_group_oldest_pending_idle_seconds", of("mine", "stalls")).c_str()) >= 0);
  CHECK(metrics.value("stream_group_at_risk", of("mine", "stalls")) == "0");
  CHECK(metrics.value("stream_entries", of("mine")) == "40");
  CHECK(metrics.value("stream_bound_entries", of("mine")) == "50");
  CHECK(metrics.value("stream_dead_letters", of("dlq")) == "3");
  CHECK(std::atof(metrics.value("stream_memory_bytes", of("mine")).c_str()) > 100);
  CHECK(std::atof(metrics.value("redis_memory_used_bytes").c_str()) > 100'000);
  CHECK(metrics.value("redis_memory_limit_bytes") == "+Inf");
  CHECK(metrics.value("redis_role", "role=\"master\"") == "1");
  CHECK(metrics.value("redis_connected_replicas") == "0");
  // The first and the last entry are 6 MiB, of which no more than 4 are read.
  CHECK(metrics.value("stream_entries", of("large")) == "1");
  CHECK(metrics.value("stream_unknown", of("large", "", "too_large")) == "1");
  // Redis' own lag would be 3 before version 8, or nil.
  CHECK(metrics.value("stream_group_lag", of("other", "g")) == "Nan");
  CHECK(metrics.value("stream_group_lag_unknown", of("other", "g", "deleted_ahead")) == "1");
  CHECK(metrics.value("stream_group_lag_unknown", of("other", "never-created", "no_such_group")) == "1");

  insert_rows(database, "b", "mine", 60);
  metrics.wait_for("40", "stream_group_lost_entries_total", of("mine", "stalls"));
  CHECK(metrics.value("stream_group_lag", of("mine", "stalls")) == "50");
  CHECK(metrics.value("stream_group_at_risk", of("mine", "stalls")) == "1");
  CHECK(metrics.value("stream_group_trimmed_unread", of("mine", "stalls")) == "40");
  CHECK(metrics.value("stream_entries_added_total", of("mine")) == "100");
  // A stream that nothing declares is sampled once something was published to it.
  CHECK(metrics.value("stream_entries", of("found")) == "absent");
  insert_rows(database, "c", "found", 7);
  metrics.wait_for("7", "stream_entries", of("found"));

  redis.pause();
  wait_until([&] { return std::atof(metrics.value("streams_sample_failures_total").c_str()) >= 1; }, kPatience);
  redis.resume();
  redis.stop();
  metrics.wait_for("1", "stream_group_lag_unknown", of("mine", "stalls", "stale"));
  CHECK(metrics.value("stream_group_lag", of("mine", "stalls")) == "Nan");
  CHECK(metrics.value("redis_memory_used_bytes") == "Nan");
  CHECK(metrics.value("stream_group_lost_entries_total", of("mine", "stalls")) == "40");
  CHECK(occurrences(outboxd->err(), "metrics of the streams at Redis 127.0.0.1:") == 1);
  // It comes back without its data.
  redis.start();
  metrics.wait_for("0", "stream_entries", of("mine"));
  CHECK(metrics.value("stream_went_back_total", of("mine")) == "1");
  CHECK(metrics.value("stream_unknown", of("mine", "", "no_such_stream")) == "1");
  CHECK(contains(outboxd->err(), ": sampled again"));
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
}

TEST_CASE("stream metrics: two dispatchers share one Redis, whose login has no right but to publish") {
  const auto database = contract_database();
  const PrivateRedis redis({"user poor on >pw ~* resetchannels -@all +xadd"});
  auto probe = redis.probe();
  const TempDir folder;
  const auto file = folder
                        .write("t.toml",
                               "[metrics]\nstreams_interval = \"1s\"\n"
                               "[streams.one]\ngroups = [\"g\"]\n"
                               "[[dispatcher]]\nname = \"a\"\nstreams = [\"one\"]\npoll_interval = \"20ms\"\n"
                               "[[dispatcher]]\nname = \"b\"\nstreams = [\"two\"]\npoll_interval = \"20ms\"\n")
                        .string();
  auto environment = outboxd_environment(database, redis);
  environment["REDIS_URL"] = "redis://poor:pw@127.0.0.1:" + std::to_string(redis.port()) + "/0";
  const auto outboxd = start_outboxd({"--config", file, "--http-listen", "127.0.0.1:0"}, environment);
  insert_rows(database, "a", "one", 3);
  insert_rows(database, "b", "two", 3);
  const Metrics metrics{*outboxd, redis};
  wait_until([&] { return probe.xlen("one") == 3 && probe.xlen("two") == 3; }, kPatience, "the entries");
  metrics.wait_for_samples(2);
  CHECK(metrics.value("stream_entries", of("one")) == "Nan");
  CHECK(metrics.value("stream_unknown", of("one", "", "forbidden")) == "1");
  CHECK(metrics.value("stream_group_lag_unknown", of("one", "g", "forbidden")) == "1");
  CHECK(metrics.value("redis_memory_used_bytes") == "Nan");
  CHECK(metrics.value("streams_sample_failures_total") == "0");
  CHECK(metrics.is_ready());
  CHECK(!contains(outboxd->err(), "metrics of the streams"));
  // Each dispatcher uses this Redis, which is sampled once, so that sums are right.
  CHECK(metrics.value("dispatcher_redis_info", R"(dispatcher="a")") == "1");
  CHECK(metrics.value("dispatcher_redis_info", R"(dispatcher="b")") == "1");
  CHECK(occurrences(metrics.page(), "\noutboxd_stream_entries{") == 2);
  // What is forbidden was asked once, by the sampler; each publisher asks for the groups as well, once for each
  // stream.
  const auto asked = probe.command("INFO", "commandstats").text;
  const auto rejected = [&](const std::string& command) {
    std::smatch found;
    const bool is_there =
        std::regex_search(asked, found, std::regex("cmdstat_" + command + R"(:.*rejected_calls=(\d+))"));
    return is_there ? std::stoi(found[1]) : 0;
  };
  CHECK(rejected("memory\\|usage") == 2);
  CHECK(rejected("xinfo\\|stream") == 2);
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
}
