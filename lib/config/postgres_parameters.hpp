// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::config {

/// What a parameter of another driver's Postgres URL is about.
enum class PostgresParameter {
  /// Pools, caches of prepared statements, and how results are read.
  of_the_pool,
  /// What a session is to be like; ours are as we need them.
  of_the_session,
  encoding,
  /// libpq's own, one that has a meaning here, or an unknown one.
  other,
};

/// Takes the name in lower case.
PostgresParameter postgres_parameter(std::string_view name);

/// libpq's name for a parameter of the same meaning under another one (in lower case), or "".
std::string libpq_name(std::string_view name);

}  // namespace outboxd::config
