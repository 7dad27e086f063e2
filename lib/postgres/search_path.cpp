// SPDX-License-Identifier: Apache-2.0
#include "postgres/search_path.hpp"

namespace outboxd::postgres {
namespace {

/// A comment at the statement's beginning is kept there.
std::string wrapped(std::string_view before, std::string_view statement, std::string_view behind) {
  constexpr std::string_view kEnd = "*/";
  std::string sql;
  if (statement.starts_with("/*")) {
    const auto length = statement.find(kEnd) + kEnd.size();
    sql.append(statement.substr(0, length)).append("\n");
    statement.remove_prefix(length);
  }
  return sql.append(before).append(statement).append(behind).append(kTakesOwnPath);
}

}  // namespace

std::string keep_to_catalog_sql(bool for_one_transaction) {
  const std::string local = for_one_transaction ? "true" : "false";
  return "SELECT pg_catalog.set_config('outboxd.search_path', pg_catalog.current_setting('search_path'), " + local +
         "); SET " + (for_one_transaction ? "LOCAL " : "") + "search_path = pg_catalog, pg_temp";
}

std::string under_own_path(std::string_view select) {
  return wrapped("SELECT found.* FROM (", select, ") AS found WHERE ");
}

std::string write_under_own_path(std::string_view write) {
  return wrapped("WITH written AS (", write, " RETURNING true)\nSELECT FROM written WHERE ");
}

}  // namespace outboxd::postgres
