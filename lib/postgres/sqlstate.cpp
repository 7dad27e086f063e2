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

constexpr std::array kMeanings{
    Meaning{"25006",
            {true, "the server is read-only: point postgres.url at the primary (target_session_attrs=read-write)"}},
    Meaning{"25P03", {true, ""}},
    Meaning{"42501", {false, "grant SELECT, UPDATE on the table to this role"}},
    Meaning{"42P01", {false, "create the table (outboxd migrate) or correct dispatcher.table"}},
    Meaning{"42703", {false, "give the table the columns of its layout or correct dispatcher.table"}},
    Meaning{"53100", {false, "free space on the server's disk"}},
    Meaning{"53300", {true, "raise max_connections or close other connections"}},
    Meaning{"57014", {false, ""}},
    Meaning{"57P", {true, ""}},
    Meaning{"08", {true, ""}},
    Meaning{"28", {true, "check the user, the password and the server's pg_hba.conf"}},
    Meaning{"3D000", {true, "create the database or correct postgres.url"}},
    Meaning{"40", {false, ""}},
    Meaning{"42", {false, ""}},
    Meaning{"53", {false, ""}},
    Meaning{"55", {false, ""}},
    Meaning{"22", {false, ""}},
    Meaning{"23", {false, ""}},
    Meaning{"P0", {false, ""}},
};

}  // namespace

SqlStateMeaning meaning_of_sqlstate(std::string_view sqlstate) {
  for (const auto& [prefix, meaning] : kMeanings) {
    if (!sqlstate.empty() && sqlstate.starts_with(prefix)) return meaning;
  }
  // Whatever else it is, a new session is the surest way on.
  return {true, ""};
}

}  // namespace outboxd::postgres
