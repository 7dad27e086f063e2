// SPDX-License-Identifier: Apache-2.0
#include "postgres/session_options.hpp"

#include "postgres/plain_settings.hpp"
#include "postgres/search_path.hpp"

namespace outboxd::postgres {
namespace {

// synchronous_commit off: a claim or an outcome that is lost in a crash of the server means that a row is sent again,
// never that it is lost; and no batch has to wait for a flush.
// The planner's settings: claims and settlements touch a small part of the table, by its indexes, whatever the
// statistics say of a table that is empty at one moment and full at the next; and one plan serves all.
std::string settings_sql(const SessionOptions& options, bool for_one_transaction) {
  const std::string set = for_one_transaction ? "; SET LOCAL " : "; SET ";
  // A SQL_ASCII database holds bytes of any encoding, and Postgres would refuse a whole claim for one that isn't
  // UTF-8.
  return keep_to_catalog_sql(for_one_transaction) +
         "; SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN "
         "'SQL_ASCII' ELSE 'UTF8' END, " +
         std::string{for_one_transaction ? "true" : "false"} + ")" + set + "synchronous_commit = off" + set +
         "jit = off" + set + "client_min_messages = warning" + set + "enable_seqscan = off" + set +
         "enable_bitmapscan = off" + set + "plan_cache_mode = force_generic_plan" + set +
         "statement_timeout = " + std::to_string(usual_timeout_of(options).count()) + set +
         "lock_timeout = " + std::to_string(options.lock_timeout.count()) + plain_settings_sql(for_one_transaction);
}

}  // namespace

std::string session_settings(const SessionOptions& options) {
  return settings_sql(options, false) + "; SET default_transaction_isolation = 'read committed'";
}

std::string transaction_settings(const SessionOptions& options) {
  return settings_sql(options, true);
}

std::string writing_settings(const SessionOptions& options) {
  constexpr int kLockTimeout = 1'000;
  return keep_to_catalog_sql(true) +
         "; SET LOCAL statement_timeout = " + std::to_string(options.statement_timeout.count()) +
         "; SET LOCAL lock_timeout = " + std::to_string(kLockTimeout) + plain_settings_sql(true);
}

std::string reading_settings(const SessionOptions& options) {
  return "SET TRANSACTION READ ONLY; " + writing_settings(options);
}

std::chrono::milliseconds usual_timeout_of(const SessionOptions& options) {
  return options.usual_timeout.count() > 0 ? options.usual_timeout : options.statement_timeout;
}

}  // namespace outboxd::postgres
