// SPDX-License-Identifier: Apache-2.0
// What metrics show of servers that can't be used, of waits and of breakers.
#include "dispatch/observers.hpp"
#include "telemetry/dispatcher_metrics.hpp"
#include "telemetry/metrics.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <sstream>
#include <string>

namespace outboxd::telemetry {
namespace {

using namespace std::chrono_literals;
using dispatch::Health;

struct Outbox {
  Metrics metrics{};
  DispatcherMetrics of_dispatcher{metrics, "outbox", {"known"}};
  dispatch::Observers events{of_dispatcher.observers()};

  /// The value of a series, whose labels follow in their order; "absent" where there is none.
  [[nodiscard]] std::string value(const std::string& name, const std::string& labels) const {
    const auto series = name + "{" + labels + "} ";
    std::istringstream lines(metrics.render());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series)) return line.substr(series.size());
    }
    return "absent";
  }
  [[nodiscard]] std::string of_server(const std::string& name, const std::string& server) const {
    return value(name, R"(dispatcher="outbox",server=")" + server + "\"");
  }
  [[nodiscard]] std::string of_reason(const std::string& name, const std::string& reason) const {
    return value(name, R"(dispatcher="outbox",reason=")" + reason + "\"");
  }
  [[nodiscard]] std::string waiting(const std::string& name, const std::string& what, const std::string& why) const {
    return value(name, R"(dispatcher="outbox",for=")" + what + R"(",reason=")" + why + "\"");
  }
};

}  // namespace

TEST_CASE("outages: servers are down until they answer, and when the login is refused") {
  Outbox outbox;
  for (const std::string server : {"postgres", "redis"}) {
    CHECK(outbox.of_server("outboxd_server_up", server) == "0");
    CHECK(outbox.of_server("outboxd_reconnects_total", server) == "0");
    CHECK(outbox.of_server("outboxd_server_answered_timestamp_seconds", server) == "0");
  }
  outbox.events.server_answered(Server::postgres, false);
  CHECK(outbox.of_server("outboxd_server_up", "postgres") == "1");
  CHECK(outbox.of_server("outboxd_server_up", "redis") == "0");
  CHECK(std::stod(outbox.of_server("outboxd_server_answered_timestamp_seconds", "postgres")) > 1.7e9);
  for (const auto down : {Obstacle::unreachable, Obstacle::login_refused}) {
    outbox.events.server_failed(Server::postgres, down);
    CHECK(outbox.of_server("outboxd_server_up", "postgres") == "0");
    outbox.events.server_answered(Server::postgres, true);
  }
  CHECK(outbox.of_server("outboxd_reconnects_total", "postgres") == "2");
  CHECK(outbox.of_server("outboxd_reconnects_total", "redis") == "0");
  outbox.events.server_failed(Server::postgres, Obstacle::refused);
  CHECK(outbox.of_server("outboxd_server_up", "postgres") == "1");
}

TEST_CASE("outages: failures are counted for as long as they last, by their true reason") {
  Outbox outbox;
  const auto failures = [&](const char* reason) { return outbox.of_reason("outboxd_failures_total", reason); };
  for (const auto* reason : {"redis_unreachable", "redis_login_refused", "redis_unavailable", "postgres_unreachable",
                             "postgres_login_refused", "postgres_refused", "table_unfit"}) {
    CHECK_MESSAGE(failures(reason) == "0", reason);
  }
  outbox.events.server_failed(Server::redis, Obstacle::unreachable);
  outbox.events.server_failed(Server::redis, Obstacle::unreachable);
  outbox.events.server_failed(Server::redis, Obstacle::login_refused);
  outbox.events.server_failed(Server::redis, Obstacle::read_only);
  outbox.events.server_failed(Server::postgres, Obstacle::login_refused);
  outbox.events.server_failed(Server::postgres, Obstacle::refused);
  outbox.events.server_failed(Server::postgres, Obstacle::unfit);
  CHECK(failures("redis_unreachable") == "2");
  CHECK(failures("redis_login_refused") == "1");
  CHECK(failures("redis_unavailable") == "1");
  CHECK(failures("postgres_login_refused") == "1");
  CHECK(failures("postgres_refused") == "1");
  CHECK(failures("table_unfit") == "1");
  CHECK(failures("postgres_unreachable") == "0");
}

TEST_CASE("outages: a wait shows for what it is, why, and since when") {
  Outbox outbox;
  const auto waits = [&](const char* what, const char* why) { return outbox.waiting("outboxd_waiting", what, why); };
  const auto since = [&](const char* what, const char* why) {
    return std::stod(outbox.waiting("outboxd_waiting_since_timestamp_seconds", what, why));
  };
  CHECK(waits("redis", "unreachable") == "0");
  CHECK(since("redis", "unreachable") == 0);
  outbox.events.server_failed(Server::redis, Obstacle::login_refused);
  outbox.events.health(Health::redis_unavailable, "WRONGPASS");
  CHECK(waits("redis", "login_refused") == "1");
  CHECK(waits("redis", "unreachable") == "0");
  const auto began = since("redis", "login_refused");
  CHECK(began > 1.7e9);
  outbox.events.server_failed(Server::redis, Obstacle::login_refused);
  CHECK(since("redis", "login_refused") == began);
  // Another reason is another wait.
  outbox.events.server_failed(Server::redis, Obstacle::out_of_memory);
  CHECK(waits("redis", "login_refused") == "0");
  CHECK(since("redis", "login_refused") == 0);
  CHECK(waits("redis", "out_of_memory") == "1");
  outbox.events.health(Health::writes_refused, "locked");
  CHECK(waits("redis", "out_of_memory") == "0");
  CHECK(waits("postgres", "refused") == "1");
  outbox.events.server_failed(Server::postgres, Obstacle::login_refused);
  outbox.events.health(Health::postgres_unavailable, "password authentication failed");
  CHECK(waits("postgres", "login_refused") == "1");
  outbox.events.health(Health::table_unfit, "no such table");
  CHECK(waits("table", "unfit") == "1");
  CHECK(waits("postgres", "login_refused") == "0");
  outbox.events.health(Health::working, "");
  CHECK(waits("table", "unfit") == "0");
}

TEST_CASE("outages: the breaker of Redis counts the seconds for which it is open, by reason") {
  Outbox outbox;
  const auto open = [&](const char* reason) { return outbox.of_reason("outboxd_breaker_open", reason); };
  const auto seconds = [&](const char* reason) {
    return outbox.of_reason("outboxd_breaker_open_seconds_total", reason);
  };
  const std::chrono::steady_clock::time_point start{1h};
  outbox.of_dispatcher.beat(start);
  // Nothing is known before the first answer.
  outbox.of_dispatcher.beat(start + 1s);
  outbox.events.breaker(false);
  CHECK(open("unreachable") == "0");
  outbox.events.server_failed(Server::redis, Obstacle::read_only);
  outbox.events.breaker(true);
  CHECK(open("read_only") == "1");
  outbox.of_dispatcher.beat(start + 3s);
  outbox.events.server_failed(Server::redis, Obstacle::unreachable);
  CHECK(open("read_only") == "0");
  CHECK(open("unreachable") == "1");
  outbox.events.server_failed(Server::postgres, Obstacle::refused);
  outbox.of_dispatcher.beat(start + 7s);
  outbox.events.breaker(false);
  outbox.of_dispatcher.beat(start + 20s);
  CHECK(open("unreachable") == "0");
  CHECK(seconds("read_only") == "2");
  CHECK(seconds("unreachable") == "4");
  CHECK(seconds("refused") == "0");
}

TEST_CASE("outages: the breakers of streams do so by stream and reason") {
  Outbox outbox;
  const auto of_stream = [&](const std::string& name, const std::string& stream, const std::string& reason) {
    return outbox.value(name, R"(dispatcher="outbox",reason=")" + reason + R"(",stream=")" + stream + "\"");
  };
  const std::chrono::steady_clock::time_point start{1h};
  outbox.of_dispatcher.beat(start);
  outbox.events.stream_blocked("known", "WRONGTYPE Operation against a key", 1);
  outbox.events.stream_blocked(std::string(300, 'x'), "Redis refuses it: NOPERM User", 2);
  outbox.of_dispatcher.beat(start + 2s);
  CHECK(of_stream("outboxd_stream_breaker_open", "known", "wrong_type") == "1");
  CHECK(of_stream("outboxd_stream_breaker_open", "other", "no_permission") == "1");
  outbox.events.stream_blocked("known", "MOVED 1 host", 2);
  CHECK(of_stream("outboxd_stream_breaker_open", "known", "wrong_type") == "0");
  CHECK(of_stream("outboxd_stream_breaker_open", "known", "another_node") == "1");
  outbox.of_dispatcher.beat(start + 5s);
  outbox.events.stream_freed("known", 5s, 1);
  outbox.events.stream_freed("never blocked", 5s, 1);
  outbox.of_dispatcher.beat(start + 9s);
  CHECK(of_stream("outboxd_stream_breaker_open", "known", "another_node") == "0");
  CHECK(of_stream("outboxd_stream_breaker_open_seconds_total", "known", "wrong_type") == "2");
  CHECK(of_stream("outboxd_stream_breaker_open_seconds_total", "known", "another_node") == "3");
  CHECK(of_stream("outboxd_stream_breaker_open_seconds_total", "other", "no_permission") == "9");
}

TEST_CASE("metrics: the configuration, and its changes") {
  Outbox outbox;
  const std::string label = R"(dispatcher="outbox")";
  outbox.of_dispatcher.configured({.batch_rows = 32,
                                   .batch_bytes = 8ULL << 20U,
                                   .lease = 30s,
                                   .poll_interval = 250ms,
                                   .max_attempts = 20,
                                   .maxlen = 100'000,
                                   .stream_maxlen = {{"a", 5}, {"b", 6}}});
  CHECK(outbox.value("outboxd_config_batch_rows", label) == "32");
  CHECK(outbox.value("outboxd_config_batch_bytes", label) == "8388608");
  CHECK(outbox.value("outboxd_config_lease_seconds", label) == "30");
  CHECK(outbox.value("outboxd_config_poll_interval_seconds", label) == "0.25");
  CHECK(outbox.value("outboxd_config_max_attempts", label) == "20");
  CHECK(outbox.value("outboxd_config_maxlen_entries", label) == "100000");
  CHECK(outbox.value("outboxd_config_stream_maxlen_entries", label + R"(,stream="a")") == "5");
  outbox.of_dispatcher.configured({.maxlen = 7, .stream_maxlen = {{"b", 8}}});
  CHECK(outbox.value("outboxd_config_maxlen_entries", label) == "7");
  CHECK(outbox.value("outboxd_config_stream_maxlen_entries", label + R"(,stream="a")") == "absent");
  CHECK(outbox.value("outboxd_config_stream_maxlen_entries", label + R"(,stream="b")") == "8");
}

}  // namespace outboxd::telemetry
