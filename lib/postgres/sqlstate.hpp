// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// What an error of Postgres means for the connection it came over, and for people, once it is known not to be about
/// a single row: a trigger may raise any of them for one, so what it says is no evidence.
struct SqlStateMeaning {
  /// The session is of no more use, or would go on reaching the wrong server: connect anew.
  bool reconnect = false;
  /// What to do about it; empty where Postgres' own message says all there is.
  std::string_view remedy;
};

/// Reads a SQLSTATE (PostgreSQL manual, appendix A). An empty one stands for a lost connection.
[[nodiscard]] SqlStateMeaning meaning_of_sqlstate(std::string_view sqlstate);

}  // namespace outboxd::postgres
