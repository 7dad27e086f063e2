// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_parameters.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace outboxd::config {
namespace {

using Word = std::string_view;

constexpr std::array kOfThePool = {
    // node-postgres, postgres.js, knex
    Word{"max"}, Word{"min"}, Word{"pool"}, Word{"poolsize"}, Word{"idletimeoutmillis"},
    Word{"connectiontimeoutmillis"}, Word{"idle_timeout"}, Word{"max_lifetime"}, Word{"maxlifetimeseconds"},
    Word{"maxuses"}, Word{"allowexitonidle"}, Word{"binary"}, Word{"prepare"}, Word{"fetch_types"},
    Word{"max_pipeline"}, Word{"debug"}, Word{"native"},
    // Prisma and hosted poolers
    Word{"connection_limit"}, Word{"statement_cache_size"}, Word{"single_use_connections"}, Word{"supa"},
    Word{"workaround"},
    // pgx, lib/pq, sqlx
    Word{"statement_cache_capacity"}, Word{"statement-cache-capacity"}, Word{"description_cache_capacity"},
    Word{"default_query_exec_mode"}, Word{"statement_cache_mode"}, Word{"prefer_simple_protocol"},
    Word{"binary_parameters"}, Word{"disable_prepared_binary_result"}, Word{"min_read_buffer_size"},
    Word{"max_conns"}, Word{"max_idle_conns"}, Word{"max_open_conns"}, Word{"conn_max_lifetime"},
    // SQLAlchemy, asyncpg, Django
    Word{"max_overflow"}, Word{"async_fallback"}, Word{"prepared_statement_cache_size"},
    Word{"prepared_statement_name_func"}, Word{"max_cached_statement_lifetime"}, Word{"max_cacheable_statement_size"},
    Word{"conn_max_age"}, Word{"conn_health_checks"}, Word{"min_size"}, Word{"max_size"},
    // Rails
    Word{"prepared_statements"}, Word{"reaping_frequency"}, Word{"checkout_timeout"},
    // JDBC
    Word{"preparethreshold"}, Word{"preparedstatementcachequeries"}, Word{"preparedstatementcachesizemib"},
    Word{"rewritebatchedinserts"}, Word{"defaultrowfetchsize"}, Word{"adaptivefetch"}, Word{"binarytransfer"},
    Word{"preferquerymode"}, Word{"stringtype"}, Word{"autosave"}, Word{"loadbalancehosts"},
    Word{"hostrecheckseconds"}, Word{"loggerlevel"}, Word{"loggerfile"}, Word{"receivebuffersize"},
    Word{"sendbuffersize"}, Word{"tcpnodelay"}, Word{"reportcase"}};

constexpr std::array kOfTheSession = {Word{"lock_timeout"},
                                      Word{"idle_in_transaction_session_timeout"},
                                      Word{"idle_session_timeout"},
                                      Word{"query_timeout"},
                                      Word{"command_timeout"},
                                      Word{"timeout"},
                                      Word{"socket_timeout"},
                                      Word{"sockettimeout"},
                                      Word{"cancelsignaltimeout"},
                                      Word{"timezone"},
                                      Word{"datestyle"},
                                      Word{"intervalstyle"},
                                      Word{"extra_float_digits"},
                                      Word{"default_transaction_isolation"}};

constexpr std::array kEncodings = {Word{"encoding"}, Word{"client_encoding"}, Word{"charset"},
                                   Word{"characterencoding"}};

/// The same under another name.
constexpr std::array kRenamed = {std::pair{Word{"applicationname"}, "application_name"},
                                 std::pair{Word{"connecttimeout"}, "connect_timeout"},
                                 std::pair{Word{"logintimeout"}, "connect_timeout"},
                                 std::pair{Word{"database"}, "dbname"},
                                 std::pair{Word{"username"}, "user"},
                                 std::pair{Word{"ssl-mode"}, "sslmode"},
                                 std::pair{Word{"ssl_mode"}, "sslmode"},
                                 std::pair{Word{"ssl-root-cert"}, "sslrootcert"},
                                 std::pair{Word{"ssl-ca"}, "sslrootcert"},
                                 std::pair{Word{"ssl-cert"}, "sslcert"},
                                 std::pair{Word{"ssl-key"}, "sslkey"}};

template <std::size_t Size>
bool has(const std::array<Word, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

PostgresParameter postgres_parameter(std::string_view name) {
  if (has(kOfThePool, name) || name.starts_with("pool_")) return PostgresParameter::of_the_pool;
  if (has(kOfTheSession, name)) return PostgresParameter::of_the_session;
  return has(kEncodings, name) ? PostgresParameter::encoding : PostgresParameter::other;
}

std::string libpq_name(std::string_view name) {
  for (const auto& [theirs, ours] : kRenamed) {
    if (theirs == name) return ours;
  }
  return "";
}

}  // namespace outboxd::config
