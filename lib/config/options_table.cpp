// SPDX-License-Identifier: Apache-2.0
// The option table: every setting is declared once, here or (section [dispatcher]) in options_dispatcher.cpp.
#include "config/checks.hpp"
#include "config/mask.hpp"
#include "config/option_values.hpp"
#include "config/options.hpp"
#include "config/postgres_url.hpp"
#include "config/redis_url.hpp"
#include "config/signing_key.hpp"

namespace outboxd::config {
namespace {

Pooler pooler_of(std::string_view word) {
  if (word == "auto") return Pooler::automatic;
  return word == "transaction" ? Pooler::transaction : Pooler::none;
}

std::vector<Option> general_options() {
  return {
      {.path = "profile",
       .kind = Kind::choice,
       .help = "Whose tuning to follow: defaults, retry delays and environment names",
       .default_api = "api",
       .choices = "api|coordinator",
       .identifies = true,
       .store = [](Settings& s,
                   const Value& v) { s.profile = text(v) == "api" ? Profile::api : Profile::coordinator; }},
      {.path = "mode",
       .kind = Kind::choice,
       .help = "Deployment mode; rc and stable refuse to start without a signing key",
       .choices = "dev|rc|stable",
       .shared_env = {{"CARACAL_MODE"}},
       .store = [](Settings& s, const Value& v) { s.mode = text(v); }},
  };
}

std::vector<Option> postgres_options() {
  return {
      {.path = "postgres.url",
       .help = "Postgres connection: a postgres:// URL or a conninfo string",
       .shared_env = {{"DATABASE_URL"}},
       .secret = true,
       .check = check_postgres_url,
       .mask = mask_postgres,
       .store = [](Settings& s, const Value& v) { s.postgres.url = text(v); }},
      {.path = "postgres.pooler",
       .kind = Kind::choice,
       .help = "Whether a pooler lends out its sessions for a transaction at a time; auto: noticed",
       .default_api = "auto",
       .choices = "auto|transaction|none",
       .store = [](Settings& s, const Value& v) { s.postgres.pooler = pooler_of(text(v)); }},
      {.path = "postgres.connect_timeout",
       .kind = Kind::duration,
       .help = "Longest wait for a connection to Postgres",
       .default_api = "5s",
       .min = kSecond,
       .max = 5 * kMinute,
       .store = [](Settings& s, const Value& v) { s.postgres.connect_timeout = millis(v); }},
      {.path = "postgres.statement_timeout",
       .kind = Kind::duration,
       .help = "Longest time one statement may take",
       .default_api = "30s",
       .min = 100,
       .max = kHour,
       .store = [](Settings& s, const Value& v) { s.postgres.statement_timeout = millis(v); }},
  };
}

std::vector<Option> redis_options() {
  return {
      {.path = "redis.url",
       .help = "redis://[user[:password]@]host[:port][/db] or unix:///path[?db=N]; wins for what it names",
       .shared_env = {{"REDIS_URL"}},
       .secret = true,
       .check = check_redis_url,
       .mask = mask_redis_url},
      {.path = "redis.host",
       .help = "Redis host, where no URL names one",
       .default_api = "127.0.0.1",
       .shared_env = {{"REDIS_HOST"}},
       .check = check_redis_host,
       .store = [](Settings& s, const Value& v) { s.redis.endpoint.host = text(v); }},
      {.path = "redis.port",
       .kind = Kind::integer,
       .help = "Redis port, where no URL names a host",
       .default_api = "6379",
       .min = 1,
       .max = 65'535,
       .shared_env = {{"REDIS_PORT"}},
       .store = [](Settings& s, const Value& v) { s.redis.endpoint.port = number<std::uint16_t>(v); }},
      {.path = "redis.username",
       .help = "Redis user, where the URL names none",
       .store = [](Settings& s, const Value& v) { s.redis.endpoint.username = text(v); }},
      {.path = "redis.password",
       .help = "Redis password, where the URL names none",
       .shared_env = {{"REDIS_PASSWORD"}},
       .secret = true,
       .store = [](Settings& s, const Value& v) { s.redis.endpoint.password = text(v); }},
      {.path = "redis.database",
       .kind = Kind::integer,
       .help = "Redis database, where the URL names none",
       .default_api = "0",
       .max = 65'535,
       .store = [](Settings& s, const Value& v) { s.redis.endpoint.database = number<int>(v); }},
      {.path = "redis.connect_timeout",
       .kind = Kind::duration,
       .help = "Longest wait for a connection to Redis",
       .default_api = "5s",
       .min = 10,
       .max = 5 * kMinute,
       .store = [](Settings& s, const Value& v) { s.redis.connect_timeout = millis(v); }},
      {.path = "redis.timeout",
       .kind = Kind::duration,
       .help = "Longest time for one pipelined write and all its replies",
       .default_api = "5s",
       .min = 10,
       .max = 10 * kMinute,
       .store = [](Settings& s, const Value& v) { s.redis.timeout = millis(v); }},
  };
}

std::vector<Option> signing_options() {
  return {
      {.path = "signing.key",
       .help = "HMAC-SHA256 key, hex of at least 32 bytes; without one, entries go out unsigned",
       .shared_env = {{"STREAMS_HMAC_KEY"}},
       .secret = true,
       .check = check_signing_key,
       .store = [](Settings& s, const Value& v) { s.signing_key = decode_signing_key(text(v)).value.value(); }},
      {.path = "signing.ambiguous",
       .kind = Kind::choice,
       .help = "What becomes of a row whose signature would be good for another entry, too",
       .default_api = "publish",
       .choices = "publish|dead",
       .store = [](Settings& s, const Value& v) { s.ambiguous_is_dead = text(v) == "dead"; }},
  };
}

std::vector<Option> http_options() {
  return {
      {.path = "http.listen",
       .help = "Address of /metrics, /healthz and /readyz as host:port, or off; port 0 takes a free one",
       .default_api = "127.0.0.1:9464",
       .check = check_listen,
       .store = [](Settings& s, const Value& v) { s.http.listen = text(v); }},
      {.path = "http.bearer",
       .help = "Token that /metrics asks for; without one it is open",
       .shared_env = {{"METRICS_BEARER"}},
       .secret = true,
       .check = check_bearer,
       .store = [](Settings& s, const Value& v) { s.http.bearer = text(v); }},
  };
}

std::vector<Option> log_options() {
  return {
      {.path = "log.level",
       .kind = Kind::choice,
       .help = "Least severe message that is logged",
       .default_api = "info",
       .choices = "trace|debug|info|warn|error|critical|off",
       .aliases = "warning=warn|err=error|fatal=critical|silent=off",
       .shared_env = {{"LOG_LEVEL"}},
       .store = [](Settings& s, const Value& v) { s.log_level = text(v); }},
      {.path = "log.format",
       .kind = Kind::choice,
       .help = "Log lines as text or as JSON objects",
       .default_api = "text",
       .choices = "text|json",
       .store = [](Settings& s, const Value& v) { s.log_json = text(v) == "json"; }},
  };
}

}  // namespace

std::vector<Option> option_table() {
  std::vector<Option> table;
  for (const auto& part : {general_options(), postgres_options(), redis_options(), signing_options(),
                           dispatcher_options(), tuning_options(), http_options(), log_options()}) {
    table.insert(table.end(), part.begin(), part.end());
  }
  return table;
}

}  // namespace outboxd::config
