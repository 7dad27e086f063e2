// SPDX-License-Identifier: Apache-2.0
#include "postgres/sqlstate.hpp"

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
constexpr bool kOneRows = true;
constexpr bool kEverybodys = false;

constexpr std::array kMeanings{
    Meaning{"25006",
            {kReconnect, kEverybodys,
             "the server is read-only: point postgres.url at the primary (target_session_attrs=read-write)"}},
    Meaning{"25P03", {kReconnect, kEverybodys, ""}},
    Meaning{"42501", {kKeep, kEverybodys, "grant SELECT, UPDATE on the table to this role"}},
    Meaning{"42P01", {kKeep, kEverybodys, "create the table (outboxd migrate) or correct dispatcher.table"}},
    Meaning{"42703", {kKeep, kEverybodys, "give the table the columns of its layout or correct dispatcher.table"}},
    Meaning{"53100", {kKeep, kEverybodys, "free space on the server's disk"}},
    Meaning{"53300", {kReconnect, kEverybodys, "raise max_connections or close other connections"}},
    Meaning{"55P03", {kKeep, kOneRows, "somebody holds a lock on it: end their transaction"}},
    Meaning{"57014", {kKeep, kEverybodys, ""}},
    Meaning{"57P", {kReconnect, kEverybodys, ""}},
    Meaning{"08", {kReconnect, kEverybodys, ""}},
    Meaning{"28", {kReconnect, kEverybodys, "check the user, the password and the server's pg_hba.conf"}},
    Meaning{"3D000", {kReconnect, kEverybodys, "create the database or correct postgres.url"}},
    Meaning{"0A", {kReconnect, kEverybodys, ""}},
    Meaning{"26", {kReconnect, kEverybodys, ""}},
    Meaning{"25", {kReconnect, kEverybodys, ""}},
    Meaning{"58", {kReconnect, kEverybodys, "look at the server's log and disk"}},
    Meaning{"XX", {kReconnect, kOneRows, "look at the server's log"}},
    Meaning{"40", {kKeep, kEverybodys, ""}},
    Meaning{"42", {kKeep, kEverybodys, ""}},
    Meaning{"53", {kKeep, kEverybodys, ""}},
    Meaning{"55", {kKeep, kEverybodys, ""}},
};

}  // namespace

SqlStateMeaning meaning_of_sqlstate(std::string_view sqlstate) {
  for (const auto& [prefix, meaning] : kMeanings) {
    if (!sqlstate.empty() && sqlstate.starts_with(prefix)) return meaning;
  }
  // An empty one is a lost connection. Any other may be what a trigger or a constraint of the table's says of a row.
  return sqlstate.empty() ? SqlStateMeaning{kReconnect, kEverybodys, ""} : SqlStateMeaning{kKeep, kOneRows, ""};
}

}  // namespace outboxd::postgres
