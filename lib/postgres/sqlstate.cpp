// SPDX-License-Identifier: Apache-2.0
#include "postgres/sqlstate.hpp"

#include <algorithm>
#include <array>

namespace outboxd::postgres {
namespace {

struct Meaning {
  /// A whole SQLSTATE, or its class: the first that fits counts.
  std::string_view prefix;
  SqlStateMeaning meaning;
};

constexpr bool kReconnect = true;
constexpr bool kKeep = false;

constexpr std::array kMeanings{
    Meaning{
        "25006",
        {kReconnect, "the server is read-only: point postgres.url at the primary (target_session_attrs=read-write)"}},
    Meaning{"25P03", {kReconnect, ""}},
    Meaning{"42501", {kKeep, "grant SELECT, UPDATE on the table to this role"}},
    Meaning{"42P01", {kKeep, "create the table (outboxd migrate) or correct dispatcher.table"}},
    Meaning{"42703", {kKeep, "give the table the columns of its layout or correct dispatcher.table"}},
    Meaning{"53100", {kKeep, "free space on the server's disk"}},
    Meaning{"53300", {kReconnect, "raise max_connections or close other connections"}},
    Meaning{"55P03", {kKeep, "another session holds a lock on it: end its transaction"}},
    Meaning{"57014",
            {kKeep,
             "a lock on the table, or a trigger, holds it up: end the transaction that has the lock, or raise "
             "postgres.statement_timeout"}},
    Meaning{"57P", {kReconnect, ""}},
    Meaning{"08", {kReconnect, ""}},
    Meaning{"28", {kReconnect, "check the user, the password and the server's pg_hba.conf"}},
    Meaning{"3D000", {kReconnect, "create the database or correct postgres.url"}},
    Meaning{"0A", {kReconnect, ""}},
    Meaning{"26", {kReconnect, ""}},
    Meaning{"25", {kReconnect, ""}},
    Meaning{"58", {kReconnect, "look at the server's log and disk"}},
    Meaning{"XX", {kReconnect, "look at the server's log"}},
};

}  // namespace

SqlStateMeaning meaning_of_sqlstate(std::string_view sqlstate) {
  for (const auto& [prefix, meaning] : kMeanings) {
    if (!sqlstate.empty() && sqlstate.starts_with(prefix)) return meaning;
  }
  return {sqlstate.empty() ? kReconnect : kKeep, ""};
}

bool is_login_refusal(std::string_view sqlstate, std::string_view message) {
  constexpr std::array<std::string_view, 9> kWords{"password authentication failed", "no password supplied",
                                                   "no pg_hba.conf entry",           "pg_hba.conf rejects",
                                                   "SASL authentication failed",     "authentication failed for user",
                                                   "is not permitted to log in",     "no such user",
                                                   "client authentication failed"};
  if (!sqlstate.empty()) return sqlstate.starts_with("28");
  const bool of_role = message.find("role \"") != std::string_view::npos &&
                       message.find("\" does not exist") != std::string_view::npos;
  return of_role || std::ranges::any_of(kWords, [message](std::string_view words) {
           return message.find(words) != std::string_view::npos;
         });
}

}  // namespace outboxd::postgres
