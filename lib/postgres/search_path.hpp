// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

// Postgres looks functions, operators and types up in the schemas of search_path, and prefers an exact match in any
// of them to one in pg_catalog that needs a conversion. So a role that may create objects in one of those schemas
// could make outboxd's statements run its code with outboxd's rights. The sessions therefore keep only pg_catalog in
// the path, and pg_temp last, as it would come first otherwise: every statement is read and planned under that path.
// Triggers, policies and constraints of the table's owner, however, were written for the role's own path. So a
// statement that can run them sets that path when it is executed, before it touches the table. It stays set until the
// transaction ends, which is after deferred triggers have run and before the statement is executed again: a plan is
// reused only under the path under which it was made.
// path is the one under which it was made.

/// Replaces the role's own path by pg_catalog and remembers it; for the transaction or the session. May run under any
/// path.
[[nodiscard]] std::string keep_to_catalog_sql(bool for_one_transaction);

/// A condition that sets the role's own path until the transaction ends, and is always true. The results of the query
/// that has it as its WHERE are looked up under that path. (Without a remembered path it is the one with which the
/// session began.)
inline constexpr std::string_view kTakesOwnPath =
    "(SELECT set_config('search_path', current_setting('outboxd.search_path', true), true)) IS NOT NULL";

/// A CTE `named` whose `oid` is that of the table $1, quoted SQL, as the role's own path has it; it is NULL where
/// there is none. A temporary table, which belongs to a single session, is never preferred.
inline constexpr std::string_view kNamedTable = R"sql(
WITH own AS (SELECT coalesce(current_setting('outboxd.search_path', true), current_setting('search_path')) AS path),
named AS MATERIALIZED (
  SELECT CASE WHEN set_config('search_path', CASE path WHEN '' THEN 'pg_temp' ELSE path || ', pg_temp' END, true)
                   IS NOT NULL THEN to_regclass($1) END AS oid FROM own))sql";

/// A reading statement during which the role's own path is set.
[[nodiscard]] std::string under_own_path(std::string_view select);

/// A writing statement during which the role's own path is set, also for triggers that run before the statement. Its
/// result has a line without columns for each row that it changed. `write` has no RETURNING.
[[nodiscard]] std::string write_under_own_path(std::string_view write);

}  // namespace outboxd::postgres
