// SPDX-License-Identifier: Apache-2.0
// The option table: every setting is declared once, here.
#include "config/checks.hpp"
#include "config/mask.hpp"
#include "config/option_parts.hpp"
#include "config/postgres_url.hpp"
#include "config/redis_url.hpp"

namespace outboxd::config {
namespace {

constexpr std::int64_t kMaxPort = 65'535;
constexpr std::int64_t kKiB = 1'024;
constexpr std::int64_t kMiB = 1'024 * kKiB;
constexpr std::int64_t kGiB = 1'024 * kMiB;
constexpr std::int64_t kMaxBatch = 10'000;

void store_key(Settings& settings, const Value& value) {
  settings.signing_key = decode_signing_key(std::get<std::string>(value)).value.value();
}

void store_trims(Settings& settings, const Value& value) {
  for (const auto& [stream, word] : std::get<Names>(value)) {
    settings.dispatcher.stream_exact_trim[stream] = word == "exact";
  }
}

std::vector<Option> connection_options() {
  return {
      row("profile", Kind::choice, "The service whose defaults, retry delays and environment names apply",
          {by_default("api"), words("api|coordinator"), identifies(),
           to(&Settings::profile, {{"api", Profile::api}, {"coordinator", Profile::coordinator}})}),
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
          {env("DATABASE_URL"), secret(mask_postgres), checked_by(read_postgres_url), to(&PostgresSettings::url),
           also("dsn uri conninfo connection_string database_url postgres_uri postgres_dsn pg_url postgres_host "
                "postgres_port postgres_user postgres_username postgres_password postgres_database postgres_dbname "
                "postgres_sslmode")}),
      row("postgres.pooler", Kind::choice,
          "Whether a pooler lends out its sessions for a transaction at a time; auto: detected",
          {by_default("auto"), words("auto|transaction|none"),
           to(&PostgresSettings::pooler,
              {{"auto", Pooler::automatic}, {"transaction", Pooler::transaction}, {"none", Pooler::none}}),
           also("pooling pgbouncer pool")}),
      row("postgres.connect_timeout", Kind::duration, "Longest wait for a connection to Postgres",
          {by_default("5s"), within(kSecond, 5 * kMinute), to(&PostgresSettings::connect_timeout)}),
      row("postgres.statement_timeout", Kind::duration, "Longest time one statement may take",
          {by_default("30s"), within(100, kHour), to(&PostgresSettings::statement_timeout),
           also("query_timeout postgres_timeout")}),

      row("redis.url", Kind::text,
          "redis://[user[:password]@]host[:port][/db] or unix:///path[?db=N]; wins for the parts that it has",
          {env("REDIS_URL"), secret(mask_redis_url), checked_by(parse_redis_url), also("redis_uri redis_dsn")}),
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
          {env("STREAMS_HMAC_KEY"), secret(), checked_by(decode_signing_key), to(store_key),
           also("hmac_key streams_hmac_key secret secret_key signing_secret hmac_secret")}),
      row("signing.ambiguous", Kind::choice, "The outcome of a row whose signature also fits another entry",
          {by_default("publish"), words("publish|dead"), to(&Settings::ambiguous_is_dead, "dead")}),
      row("signing.strict", Kind::choice,
          "Whether signed entries also carry _sig2: key id, time of signing, and an HMAC over length-prefixed fields",
          {by_default("false"), words(kTrueOrFalse), to(&Settings::strict_signatures, "true")}),
  };
}

std::vector<Option> dispatcher_options() {
  using D = DispatcherSettings;
  return {
      row("dispatcher.name", Kind::text, "Names this dispatcher in metrics and logs",
          {by_default("outbox"), identifies(), checked_by(check_dispatcher_name), to(&D::name)}),
      row("dispatcher.table", Kind::text, "Outbox table, with or without a schema; not set: the layout's name",
          {identifies(), checked_by(check_table_name), to(&D::table), also("table_name tablename")}),
      row("dispatcher.layout", Kind::choice, "Shape of the table; custom: as described by columns",
          {by_default("event_outbox"), words("event_outbox|caracal_outbox|custom"), identifies(), to(&D::layout)}),
      row("dispatcher.producer", Kind::text,
          "Only rows of this producer; not set: coordinator in caracal_outbox; empty: all",
          {identifies(), to(&D::producer)}),
      row("dispatcher.columns", Kind::names, "The column of a custom layout in each role",
          {words("id|stream|payload|attempts|available_at|locked_until|locked_by|last_error|dedupe_key|created_at|"
                 "updated_at|published_at|status|producer"),
           identifies(), checked_by(check_columns), to(&D::columns)}),
      row("dispatcher.states", Kind::names, "The word for each state in a custom layout's status column",
          {words("pending|published|dead"), identifies(), checked_by(check_states), to(&D::states)}),
      row("dispatcher.streams", Kind::list, "Only rows of these streams; empty: all",
          {identifies(), to(&D::streams), also("stream topic topics channels include_streams")}),
      row("dispatcher.exclude_streams", Kind::list, "No rows of these streams",
          {identifies(), to(&D::exclude_streams), also("exclude skip_streams ignore_streams without_streams")}),
      row("dispatcher.max_payload_bytes", Kind::size,
          "Rows with a larger payload, or with more than twice as much jsonb, are dead at once",
          {by_default("16MiB"), within(kKiB, 512 * kMiB), to(&D::max_payload_bytes),
           also("max_payload payload_limit max_message max_message_bytes")}),
      row("dispatcher.retention", Kind::duration,
          "Published rows older than this are removed (needs DELETE); not set: they are kept",
          {within(kMinute, 36'500 * kDay), to(&D::retention),
           also("keep keep_for max_age delete_after prune_after cleanup_after")}),
      row("dispatcher.shutdown_timeout", Kind::duration, "Longest time to finish the rows in flight at a stop",
          {by_default("10s"), within(100, 10 * kMinute), to(&D::shutdown_timeout),
           also("shutdown grace grace_period drain_timeout stop_timeout")}),
      row("dispatcher.probe_min", Kind::duration, "First wait before Redis or Postgres is tried again",
          {by_default("100ms"), within(10, kMinute), to(&D::probe_min),
           also("backoff min_backoff backoff_min retry_delay")}),
      row("dispatcher.probe_max", Kind::duration, "Longest wait before Redis or Postgres is tried again",
          {by_default("1s"), within(10, 10 * kMinute), to(&D::probe_max),
           also("max_backoff backoff_max max_retry_delay")}),

      row("dispatcher.poll_interval", Kind::duration, "Wait between claims while no rows are due",
          {tuned("250ms", "1s"), within(1, kHour), to(&D::poll_interval),
           env("CARACAL_OUTBOX_POLL_MS", Unit::milliseconds, Readers::api),
           env("OUTBOX_POLL_MS", Unit::milliseconds, Readers::api_alone),
           env("OUTBOX_INTERVAL_MS", Unit::milliseconds, Readers::coordinator),
           also("poll polling interval polling_interval frequency")}),
      row("dispatcher.batch", Kind::integer, "Most rows of one claim",
          {tuned("32", "50"), within(1, kMaxBatch), to(&D::batch),
           env("CARACAL_OUTBOX_BATCH", Unit::own, Readers::api),
           env("OUTBOX_BATCH_SIZE", Unit::own, Readers::api_alone),
           env("OUTBOX_BATCH_SIZE", Unit::own, Readers::coordinator),
           also("batch_size batchsize limit chunk claim_size")}),
      row("dispatcher.batch_max", Kind::integer,
          "How far a batch may grow while a backlog is worked off; not set: it doesn't grow",
          {within(1, kMaxBatch), to(&D::batch_max), also("max_batch max_batch_size batch_limit")}),
      row("dispatcher.batch_bytes", Kind::size,
          "Most bytes of payloads and names in one claim; a larger row goes alone",
          {by_default("8MiB"), within(kKiB, kGiB), to(&D::batch_bytes)}),
      row("dispatcher.max_rate", Kind::integer,
          "Most rows per second, for a Redis that other programs share; 0: any number",
          {by_default("0"), within(0, 1'000'000), to(&D::max_rate),
           also("rate rate_limit throttle max_rows_per_second")}),
      row("dispatcher.lease", Kind::duration, "How long a claimed row is leased before other workers may claim it",
          {tuned("30s", "30s"), within(kSecond, kHour), to(&D::lease),
           env("CARACAL_OUTBOX_LOCK_SEC", Unit::seconds, Readers::api),
           env("OUTBOX_LOCK_SEC", Unit::seconds, Readers::api_alone),
           also("lock lock_timeout lease_time lease_timeout lease_duration visibility_timeout ttl")}),
      row("dispatcher.max_attempts", Kind::integer, "Attempts after which a row is dead",
          {tuned("100", "10"), within(1, 1'000'000), to(&D::max_attempts),
           env("CARACAL_OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::api),
           env("OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::api_alone),
           env("OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::coordinator),
           also("retries max_retries attempts max_tries retry_limit")}),
      row("dispatcher.maxlen", Kind::integer, "MAXLEN of a stream that has no bound of its own",
          {tuned("100000", "100000"), within(1, kLongestStream), to(&D::maxlen),
           env("CARACAL_OUTBOX_STREAM_MAXLEN", Unit::own, Readers::api),
           env("OUTBOX_STREAM_MAXLEN", Unit::own, Readers::api_alone),
           env("STREAMS_MAXLEN", Unit::own, Readers::coordinator),
           also("max_len max_length stream_length max_stream_length")}),
      row("dispatcher.stream_maxlen", Kind::limits,
          "MAXLEN of single streams; replaces the whole list of a weaker source",
          {within(1, kLongestStream), to(&D::stream_maxlen)}),
      row("dispatcher.trim", Kind::choice,
          "How streams are cut to their bound; approximate: by whole nodes, so that about a hundred entries more may "
          "be left; exact: MAXLEN =",
          {by_default("approximate"), words("approximate|exact"), to(&D::exact_trim, "exact")}),
      row("dispatcher.stream_trim", Kind::names,
          "How single streams are cut; replaces the whole list of a weaker source",
          {checked_by(check_trims), to(store_trims)}),
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
           words("trace|debug|info|warn|error|critical|off", "warning=warn err=error fatal=critical silent=off"),
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
