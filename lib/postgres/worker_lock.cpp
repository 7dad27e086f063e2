// SPDX-License-Identifier: Apache-2.0
#include "postgres/worker_lock.hpp"

#include "postgres/identifier.hpp"

namespace outboxd::postgres {
namespace {

// The seed keeps our keys apart from other users of advisory locks in the same database.
std::string key_of(std::string_view expression) {
  return "hashtextextended(" + std::string{expression} + ", 7230)";
}

}  // namespace

std::string take_worker_lock_sql(std::string_view worker) {
  return "SELECT pg_advisory_lock_shared(" + key_of(quote_text(worker)) + ")";
}

std::string worker_is_gone_sql(std::string_view expression) {
  return "pg_try_advisory_xact_lock(" + key_of(expression) + ")";
}

}  // namespace outboxd::postgres
