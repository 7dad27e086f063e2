// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"
#include "outbox/profile.hpp"
#include "topology/topology.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace outboxd::config {

using Millis = std::chrono::milliseconds;

/// The address of Redis and the login: redis.url, or redis.host, redis.port and their siblings.
struct RedisEndpoint {
  /// Without brackets for IPv6; empty when unix_path is set.
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string unix_path;
  std::string username;
  /// Secret.
  std::string password;
  int database = 0;

  /// Without secrets, e.g. "127.0.0.1:6379/0", "[::1]:6379/0", "unix:/run/redis.sock/0".
  [[nodiscard]] std::string shown() const;
};

/// Whether a pooler that lends out its sessions for a transaction at a time stands before Postgres.
enum class Pooler { automatic, transaction, none };

struct PostgresSettings {
  /// A URL or a conninfo string; secret.
  std::string url;
  Pooler pooler = Pooler::automatic;
  Millis connect_timeout{0};
  Millis statement_timeout{0};
};

struct RedisSettings {
  RedisEndpoint endpoint;
  Millis connect_timeout{0};
  /// The time-out of one pipelined write with all its replies.
  Millis timeout{0};
};

struct DispatcherSettings {
  /// The dispatcher's name in metrics and logs.
  std::string name;
  /// With or without a schema in front, each part plain or in double quotes, as in SQL.
  std::string table;
  /// "event_outbox", "caracal_outbox", or "custom", described by `columns`.
  std::string layout;
  /// Neither table nor layout was set: both are the defaults.
  bool table_by_default = false;
  /// Only rows that this producer wrote, in layouts that have that column; empty: all.
  std::string producer;
  /// For a custom layout: the column in each role ("id", "stream", …) that the table has.
  Names columns;
  /// For a custom layout with a column of states: the words for "pending", "published" and "dead".
  Names states;
  /// Empty: all streams.
  std::vector<std::string> streams;
  /// No rows of these streams.
  std::vector<std::string> exclude_streams;
  Millis poll_interval{0};
  std::uint32_t batch = 0;
  /// How far a batch may grow while a backlog is worked off; 0: it doesn't grow.
  std::uint32_t batch_max = 0;
  /// The total size of the payloads of one batch.
  std::uint64_t batch_bytes = 0;
  /// Rows per second; 0: any number.
  std::uint32_t max_rate = 0;
  Millis lease{0};
  std::uint32_t max_attempts = 0;
  /// MAXLEN of a stream that stream_maxlen does not name.
  std::uint64_t maxlen = 0;
  std::map<std::string, std::uint64_t> stream_maxlen;
  /// Streams that stream_trim does not name are cut to exactly their bound, not by whole nodes.
  bool exact_trim = false;
  /// The same for single streams.
  std::map<std::string, bool> stream_exact_trim;
  std::uint64_t max_payload_bytes = 0;
  /// How long published rows are kept; 0: for ever.
  Millis retention{0};
  Millis shutdown_timeout{0};
  /// Bounds of the back-off while Redis or Postgres fails; probe_min <= probe_max.
  Millis probe_min{0};
  Millis probe_max{0};
};

struct HttpSettings {
  /// "host:port" or "off".
  std::string listen;
  /// The token that /metrics requires; empty: none. Secret.
  std::string bearer;
};

struct MetricsSettings {
  /// How often the streams of Redis are sampled; 0: never.
  Millis streams_interval{0};
};

/// Every setting, checked. The defaults stand in the option table, so a value-initialised Settings is not a
/// usable configuration: take one from load().
struct Settings {
  Profile profile = Profile::api;
  /// CARACAL_MODE: "dev", "rc", "stable", or "" where it is not set; "rc" and "stable" need a signing key.
  std::string mode;
  /// A built-in topology: "caracal", "none", or "" where it is not set.
  std::string topology;
  /// The streams that the file declares.
  topology::Streams streams;
  /// One of spdlog's names: trace, debug, info, warn, error, critical, off.
  std::string log_level;
  bool log_json = false;
  PostgresSettings postgres;
  RedisSettings redis;
  /// Empty: entries go out unsigned. Secret.
  std::vector<std::uint8_t> signing_key;
  /// Rows whose signature also fits another entry are declared dead instead of published.
  bool ambiguous_is_dead = false;
  /// Signed entries also have a `_sig2`.
  bool strict_signatures = false;
  DispatcherSettings dispatcher;
  HttpSettings http;
  MetricsSettings metrics;
};

}  // namespace outboxd::config
