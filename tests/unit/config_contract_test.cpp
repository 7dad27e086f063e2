// SPDX-License-Identifier: Apache-2.0
// The tuning table that services of both profiles rely on: the defaults, and the meaning of each environment name.
#include "config/loader.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace config = outboxd::config;
using outboxd::Profile;

namespace {

config::Loaded load(const std::string& profile, const config::Environment& environment) {
  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  sources.environment = environment;
  sources.environment["DATABASE_URL"] = "postgres://db/app";
  sources.flags["--profile"] = profile;
  return config::load(sources);
}

struct Tuning {
  std::int64_t poll_ms;
  std::uint32_t batch;
  std::int64_t lease_ms;
  std::uint32_t max_attempts;
  std::uint64_t maxlen;

  bool operator==(const Tuning&) const = default;
};

Tuning tuning(const config::Loaded& loaded) {
  const config::DispatcherSettings& d = loaded.settings.dispatcher;
  return {d.poll_interval.count(), d.batch, d.lease.count(), d.max_attempts, d.maxlen};
}

constexpr Tuning kApi{250, 32, 30'000, 100, 100'000};
constexpr Tuning kCoordinator{1'000, 50, 30'000, 10, 100'000};

struct Row {
  const char* profile;
  config::Environment environment;
  Tuning expected;
};

}  // namespace

TEST_CASE("the profiles' defaults are the contract's") {
  CHECK((tuning(load("api", {})) == kApi));
  CHECK((tuning(load("coordinator", {})) == kCoordinator));
}

TEST_CASE("each profile reads its own environment names and no others") {
  const config::Environment caracal = {{"CARACAL_OUTBOX_POLL_MS", "1"},
                                       {"CARACAL_OUTBOX_BATCH", "2"},
                                       {"CARACAL_OUTBOX_LOCK_SEC", "3"},
                                       {"CARACAL_OUTBOX_MAX_ATTEMPTS", "4"},
                                       {"CARACAL_OUTBOX_STREAM_MAXLEN", "5"}};
  const config::Environment renamed = {{"OUTBOX_POLL_MS", "11"},
                                       {"OUTBOX_BATCH_SIZE", "12"},
                                       {"OUTBOX_LOCK_SEC", "13"},
                                       {"OUTBOX_MAX_ATTEMPTS", "14"},
                                       {"OUTBOX_STREAM_MAXLEN", "15"}};
  const config::Environment coordinator = {{"OUTBOX_INTERVAL_MS", "21"},
                                           {"OUTBOX_BATCH_SIZE", "22"},
                                           {"OUTBOX_MAX_ATTEMPTS", "24"},
                                           {"STREAMS_MAXLEN", "25"}};
  const config::Environment own = {{"OUTBOXD_POLL_INTERVAL", "31ms"},
                                   {"OUTBOXD_BATCH", "32"},
                                   {"OUTBOXD_LEASE", "33s"},
                                   {"OUTBOXD_MAX_ATTEMPTS", "34"},
                                   {"OUTBOXD_MAXLEN", "35"}};
  const auto together = [](config::Environment left, config::Environment right) {
    left.merge(right);
    return left;
  };

  for (const Row& row : {
           Row{"api", caracal, {1, 2, 3'000, 4, 5}},
           Row{"coordinator", caracal, kCoordinator},
           Row{"api", renamed, {11, 12, 13'000, 14, 15}},
           Row{"api", together(caracal, renamed), {1, 2, 3'000, 4, 5}},
           Row{"api", {{"CARACAL_OUTBOX_BATCH", ""}, {"OUTBOX_BATCH_SIZE", "12"}}, {250, 12, 30'000, 100, 100'000}},
           Row{"coordinator", coordinator, {21, 22, 30'000, 24, 25}},
           Row{"coordinator", together(coordinator, caracal), {21, 22, 30'000, 24, 25}},
           Row{"coordinator", {{"OUTBOX_POLL_MS", "x"}, {"OUTBOX_LOCK_SEC", "x"}}, kCoordinator},
           Row{"api", {{"OUTBOX_INTERVAL_MS", "x"}, {"STREAMS_MAXLEN", "x"}}, kApi},
           Row{"api", together(own, together(caracal, renamed)), {31, 32, 33'000, 34, 35}},
           Row{"coordinator", together(own, coordinator), {31, 32, 33'000, 34, 35}},
       }) {
    CAPTURE(std::string(row.profile));
    const config::Loaded loaded = load(row.profile, row.environment);
    CHECK(loaded.problems.empty());
    CHECK((tuning(loaded) == row.expected));
  }
}

TEST_CASE("the shared names") {
  const std::string key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const config::Loaded loaded = load("api", {{"REDIS_HOST", "redis.internal"},
                                             {"REDIS_PORT", "6380"},
                                             {"REDIS_PASSWORD", "hunter2"},
                                             {"STREAMS_HMAC_KEY", key},
                                             {"METRICS_BEARER", "token"},
                                             {"CARACAL_MODE", "Stable"},
                                             {"LOG_LEVEL", "WARNING"}});
  CHECK(loaded.problems.empty());
  const config::Settings& settings = loaded.settings;
  CHECK(settings.postgres.url == "postgres://db/app");
  CHECK(settings.redis.endpoint.shown() == "redis.internal:6380/0");
  CHECK(settings.redis.endpoint.password == "hunter2");
  CHECK(settings.signing_key.size() == 32);
  CHECK(settings.http.bearer == "token");
  CHECK(settings.mode == "stable");
  CHECK(settings.log_level == "warn");
  CHECK(load("api", {{"REDIS_URL", "redis://h/2"}}).settings.redis.endpoint.shown() == "h:6379/2");
}

TEST_CASE("the other defaults") {
  const config::Settings settings = load("api", {}).settings;
  CHECK((settings.profile == Profile::api));
  CHECK(settings.mode.empty());
  CHECK(settings.log_level == "info");
  CHECK_FALSE(settings.log_json);
  CHECK(settings.postgres.connect_timeout.count() == 5'000);
  CHECK(settings.postgres.statement_timeout.count() == 30'000);
  CHECK(settings.redis.endpoint.shown() == "127.0.0.1:6379/0");
  CHECK(settings.redis.connect_timeout.count() == 5'000);
  CHECK(settings.redis.timeout.count() == 5'000);
  CHECK(settings.signing_key.empty());
  CHECK(settings.dispatcher.name == "outbox");
  CHECK(settings.dispatcher.table == "event_outbox");
  CHECK(settings.dispatcher.streams.empty());
  CHECK(settings.dispatcher.stream_maxlen.empty());
  CHECK(settings.dispatcher.max_payload_bytes == 16'777'216);
  CHECK(settings.dispatcher.shutdown_timeout.count() == 10'000);
  CHECK(settings.dispatcher.probe_min.count() == 100);
  CHECK(settings.dispatcher.probe_max.count() == 1'000);
  CHECK(settings.http.listen == "127.0.0.1:9464");
  CHECK(settings.http.bearer.empty());
  CHECK(settings.metrics.streams_interval.count() == 15'000);
}
