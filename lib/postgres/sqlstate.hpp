// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// What an error of Postgres means for its connection and for the operator, once it is known that no single row
/// caused it: a trigger may raise any error for one row, so the code alone is no evidence.
struct SqlStateMeaning {
  /// The session is of no more use, or would keep reaching the wrong server: connect again.
  bool reconnect = false;
  /// The remedy; empty where Postgres' own message is enough.
  std::string_view remedy;
};

/// Reads a SQLSTATE (PostgreSQL manual, appendix A). An empty one stands for a lost connection.
[[nodiscard]] SqlStateMeaning meaning_of_sqlstate(std::string_view sqlstate);

/// Whether a server (or PgBouncer) refuses the user or the password: by the SQLSTATE, or, as libpq has none for a
/// connection that failed, by the words of its message in English.
[[nodiscard]] bool is_login_refusal(std::string_view sqlstate, std::string_view message);

}  // namespace outboxd::postgres
