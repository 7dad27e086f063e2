// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <array>

namespace outboxd::config {
namespace {

struct Synonyms {
  std::string_view meaning;
  /// Separated by a blank; with the section in front where the word alone is not enough.
  std::string_view words;
};

constexpr std::array kSynonyms{
    Synonyms{"log", "logging logger logs"},
    Synonyms{"postgres", "database db postgresql pg pgsql"},
    Synonyms{"redis", "cache valkey"},
    Synonyms{"http", "server metrics prometheus health web"},
    Synonyms{"signing", "hmac signature sign crypto"},
    Synonyms{"dispatcher", "dispatch outbox outboxd worker relay publisher"},
    Synonyms{"mode", "env environment deployment deployment_mode"},
    Synonyms{"dispatcher.batch", "batch_size batchsize limit chunk claim_size"},
    Synonyms{"dispatcher.batch_max", "max_batch max_batch_size batch_limit"},
    Synonyms{"dispatcher.poll_interval", "poll polling interval polling_interval frequency"},
    Synonyms{"dispatcher.lease", "lock lock_timeout lease_time lease_timeout lease_duration visibility_timeout ttl"},
    Synonyms{"dispatcher.max_attempts", "retries max_retries attempts max_tries retry_limit"},
    Synonyms{"dispatcher.maxlen", "max_len max_length stream_length max_stream_length"},
    Synonyms{"dispatcher.max_rate", "rate rate_limit throttle max_rows_per_second"},
    Synonyms{"dispatcher.max_payload_bytes", "max_payload payload_limit max_message max_message_bytes"},
    Synonyms{"dispatcher.shutdown_timeout", "shutdown grace grace_period drain_timeout stop_timeout"},
    Synonyms{"dispatcher.probe_min", "backoff min_backoff backoff_min retry_delay"},
    Synonyms{"dispatcher.probe_max", "max_backoff backoff_max max_retry_delay"},
    Synonyms{"dispatcher.streams", "stream topic topics channels include_streams"},
    Synonyms{"dispatcher.exclude_streams", "exclude skip_streams ignore_streams without_streams"},
    Synonyms{"dispatcher.table", "table_name tablename"},
    Synonyms{"log.level", "level loglevel verbosity log_verbosity"},
    Synonyms{"log.format", "log_json json_logs log_output"},
    Synonyms{"http.listen", "address addr bind bind_address listen_address listen_addr http_host http_port"},
    Synonyms{"http.listen", "metrics_port metrics_address metrics_addr metrics_listen health_port"},
    Synonyms{"http.bearer", "token bearer_token auth_token metrics_bearer metrics_token"},
    Synonyms{"signing.key", "hmac_key streams_hmac_key secret secret_key signing_secret hmac_secret"},
    Synonyms{"postgres.url", "dsn uri conninfo connection_string database_url postgres_uri postgres_dsn pg_url"},
    Synonyms{"postgres.url", "postgres_host postgres_port postgres_user postgres_username postgres_password"},
    Synonyms{"postgres.url", "postgres_database postgres_dbname postgres_sslmode"},
    Synonyms{"postgres.pooler", "pooling pgbouncer pool"},
    Synonyms{"postgres.statement_timeout", "query_timeout postgres_timeout"},
    Synonyms{"redis.url", "redis_uri redis_dsn"},
    Synonyms{"redis.host", "redis_address redis_addr"},
    Synonyms{"redis.username", "redis_user"},
    Synonyms{"redis.password", "redis_pass redis_auth"},
    Synonyms{"redis.database", "redis_db"},
};

// Units that other programs put behind a name, and that stand behind the value here.
constexpr std::array<std::string_view, 10> kUnits{"_ms",      "_millis", "_milliseconds", "_s",    "_sec",
                                                  "_seconds", "_secs",   "_bytes",        "_size", "_count"};

/// The same for `dispatcher.poll_interval`, `--poll-interval` and `POLL_INTERVAL`.
std::string short_form(std::string_view name) {
  constexpr std::string_view kMainSection = "dispatcher_";
  std::string form = lower(name.substr(std::min(name.find_first_not_of('-'), name.size())));
  for (char& c : form) c = c == '.' || c == '-' ? '_' : c;
  return form.starts_with(kMainSection) ? form.substr(kMainSection.size()) : form;
}

void look_up(std::string_view word, std::vector<std::string>& meanings) {
  for (const Synonyms& synonyms : kSynonyms) {
    if (is_one_of(synonyms.words, word)) meanings.emplace_back(synonyms.meaning);
  }
}

std::string_view without_unit(std::string_view word) {
  for (const std::string_view unit : kUnits) {
    if (word.size() > unit.size() && word.ends_with(unit)) return word.substr(0, word.size() - unit.size());
  }
  return word;
}

}  // namespace

std::vector<std::string> meant_by(std::string_view word) {
  const std::string whole = short_form(word);
  const std::string last = short_form(word.substr(word.rfind('.') + 1));
  std::vector<std::string> meanings{whole};
  look_up(whole, meanings);
  look_up(last, meanings);
  if (const std::string_view bare = without_unit(whole); bare != whole) {
    meanings.emplace_back(bare);
    look_up(bare, meanings);
    look_up(without_unit(last), meanings);
  }
  return meanings;
}

bool names_setting(std::string_view word, std::string_view setting) {
  const std::string form = short_form(word);
  const std::string wanted = short_form(setting);
  return form == wanted || form == wanted + "_file";
}

}  // namespace outboxd::config
