// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/worker_sql.hpp"

namespace outboxd::outbox_table {

// The seed separates outboxd's keys from other users of advisory locks in the same database.
std::string worker_key_sql(std::string_view expression) {
  return "hashtextextended(" + std::string{expression} + ", 7230)";
}

std::string worker_is_gone_sql(std::string_view expression) {
  return worker_key_sql(expression) +
         " NOT IN (SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks"
         " WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database"
         " WHERE datname = current_database()))";
}

}  // namespace outboxd::outbox_table
