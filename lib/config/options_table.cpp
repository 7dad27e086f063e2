// SPDX-License-Identifier: Apache-2.0
// The option table: every setting is declared once, here or (section [dispatcher]) in options_dispatcher.cpp.
#include "config/checks.hpp"
#include "config/mask.hpp"
#include "config/option_parts.hpp"
#include "config/postgres_url.hpp"
#include "config/redis_url.hpp"

namespace outboxd::config {
namespace {

constexpr std::int64_t kMaxPort = 65'535;

void store_profile(Settings& settings, const Value& value) {
  settings.profile = profile_named(std::get<std::string>(value));
}

void store_pooler(Settings& settings, const Value& value) {
  const auto& word = std::get<std::string>(value);
  settings.postgres.pooler = word == "auto"          ? Pooler::automatic
                             : word == "transaction" ? Pooler::transaction
                                                     : Pooler::none;
}

void store_key(Settings& settings, const Value& value) {
  settings.signing_key = decode_signing_key(std::get<std::string>(value)).value.value();
}

std::vector<Option> connection_options() {
  return {
      row("profile", Kind::choice, "The service whose defaults, retry delays and environment names apply",
          {by_default("api"), words("api|coordinator"), identifies(), to(store_profile)}),
      row("mode", Kind::choice, "Deployment mode; rc and stable refuse to start without a signing key",
          {words("dev|rc|stable"), env("CARACAL_MODE"), to(&Settings::mode),
           also("env environment deployment deployment_mode")}),
      row("topology", Kind::choice,
          "Built-in streams with their bounds and consumer groups, beside those of [streams]",
          {words("caracal|none"), to(&Settings::topology), also("stream_topology topology_name")}),
      row("streams", Kind::streams,
          "Streams that should exist, each with maxlen, groups and dead_letter, in a table [streams.\"name\"]",
          {within(1, kLongestStream), to(&Settings::streams)}),

      row("postgres.url", Kind::text, "Postgres connection: a postgres:// URL or a conninfo string",
          {env("DATABASE_URL"), secret(mask_postgres), checked_by(check_postgres_url), to(&PostgresSettings::url),
           also("dsn uri conninfo connection_string database_url postgres_uri postgres_dsn pg_url postgres_host "
                "postgres_port postgres_user postgres_username postgres_password postgres_database postgres_dbname "
                "postgres_sslmode")}),
      row("postgres.pooler", Kind::choice,
          "Whether a pooler lends out its sessions for a transaction at a time; auto: detected",
          {by_default("auto"), words("auto|transaction|none"), to(store_pooler), also("pooling pgbouncer pool")}),
      row("postgres.connect_timeout", Kind::duration, "Longest wait for a connection to Postgres",
          {by_default("5s"), within(kSecond, 5 * kMinute), to(&PostgresSettings::connect_timeout)}),
      row("postgres.statement_timeout", Kind::duration, "Longest time one statement may take",
          {by_default("30s"), within(100, kHour), to(&PostgresSettings::statement_timeout),
           also("query_timeout postgres_timeout")}),

      row("redis.url", Kind::text,
          "redis://[user[:password]@]host[:port][/db] or unix:///path[?db=N]; wins for the parts that it has",
          {env("REDIS_URL"), secret(mask_redis_url), checked_by(check_redis_url), also("redis_uri redis_dsn")}),
      row("redis.host", Kind::text, "Redis host, where no URL names one",
          {by_default("127.0.0.1"), env("REDIS_HOST"), checked_by(check_redis_host), to(&RedisEndpoint::host),
           also("redis_address redis_addr")}),
      row("redis.port", Kind::integer, "Redis port, where no URL names a host",
          {by_default("6379"), within(1, kMaxPort), env("REDIS_PORT"), to(&RedisEndpoint::port)}),
      row("redis.username", Kind::text, "Redis user, where the URL names none",
          {to(&RedisEndpoint::username), also("redis_user")}),
      row("redis.password", Kind::text, "Redis password, where the URL names none",
          {env("REDIS_PASSWORD"), secret(), to(&RedisEndpoint::password), also("redis_pass redis_auth")}),
      row("redis.database", Kind::integer, "Redis database, where the URL names none",
          {by_default("0"), within(0, kMaxRedisDatabase), to(&RedisEndpoint::database), also("redis_db")}),
      row("redis.connect_timeout", Kind::duration, "Longest wait for a connection to Redis",
          {by_default("5s"), within(10, 5 * kMinute), to(&RedisSettings::connect_timeout)}),
      row("redis.timeout", Kind::duration, "Longest time for one pipelined write and all its replies",
          {by_default("5s"), within(10, 10 * kMinute), to(&RedisSettings::timeout)}),

      row("signing.key", Kind::text,
          "HMAC-SHA256 key, hex of at least 32 bytes; without one, entries go out unsigned",
          {env("STREAMS_HMAC_KEY"), secret(), checked_by(check_signing_key), to(store_key),
           also("hmac_key streams_hmac_key secret secret_key signing_secret hmac_secret")}),
      row("signing.ambiguous", Kind::choice, "The outcome of a row whose signature also fits another entry",
          {by_default("publish"), words("publish|dead"), to(&Settings::ambiguous_is_dead, "dead")}),
      row("signing.strict", Kind::choice,
          "Whether signed entries also carry _sig2: key id, time of signing, and an HMAC over length-prefixed fields",
          {by_default("false"), words(kTrueOrFalse), to(&Settings::strict_signatures, "true")}),
  };
}

std::vector<Option> process_options() {
  return {
      row("http.listen", Kind::text,
          "Address of /metrics, /healthz and /readyz as host:port, or off; port 0 takes a free one",
          {by_default("127.0.0.1:9464"), checked_by(check_listen), to(&HttpSettings::listen),
           also("address addr bind bind_address listen_address listen_addr http_host http_port metrics_port "
                "metrics_address metrics_addr metrics_listen health_port")}),
      row("http.bearer", Kind::text, "Token that /metrics requires; not set: none",
          {env("METRICS_BEARER"), secret(), checked_by(check_bearer), to(&HttpSettings::bearer),
           also("token bearer_token auth_token metrics_bearer metrics_token")}),
      row("metrics.streams_interval", Kind::duration,
          "How often streams and consumer groups are sampled for the metrics, at least 1s; 0s: never",
          {by_default("15s"), within(0, kHour), checked_by(check_streams_interval),
           to(&MetricsSettings::streams_interval), also("sample_interval streams_sample_interval")}),
      row("log.level", Kind::choice, "Least severe message that is logged",
          {by_default("info"),
           words("trace|debug|info|warn|error|critical|off", "warning=warn|err=error|fatal=critical|silent=off"),
           env("LOG_LEVEL"), to(&Settings::log_level), also("level loglevel verbosity log_verbosity")}),
      row("log.format", Kind::choice, "Log lines as text or as JSON objects",
          {by_default("text"), words("text|json"), to(&Settings::log_json, "json"),
           also("log_json json_logs log_output")}),
  };
}

}  // namespace

std::vector<Option> option_table() {
  std::vector<Option> table;
  for (const auto& part : {connection_options(), dispatcher_options(), process_options()}) {
    table.insert(table.end(), part.begin(), part.end());
  }
  return table;
}

}  // namespace outboxd::config
