// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/refusal_search.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::outbox_store {

/// The cause that stands for an UPDATE without effect, for which there is no SQLSTATE.
constexpr const char* kUnwritten = "unwritten";

/// Returns if an error may be about single rows, which is so for any error of the server as long as its connection
/// still works. Otherwise rethrows the exception that is being handled, so call it from its handler.
inline void check_it_may_be_a_rows(postgres::Statements& statements, const std::exception& error) {
  // libpqxx takes every error of class 08 for a lost connection, even if a trigger has raised it.
  const bool from_the_server = dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr ||
                               dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr ||
                               !postgres::sqlstate_of(error).empty();
  if (!from_the_server || !statements.connection_works()) throw;
}

/// The error's SQLSTATE; class 08 where libpqxx hides it.
[[nodiscard]] inline std::string cause_of(const std::exception& error) {
  auto state = postgres::sqlstate_of(error);
  return state.empty() ? "08000" : state;
}

/// Runs a statement on leases that also expire by themselves; false where a row refuses it.
template <typename... Args>
bool look_after_leases(postgres::Statements& statements, const std::string& sql, const Args&... args) {
  try {
    postgres::exec(statements, sql, args...);
    return true;
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(statements, error);
    return false;
  }
}

/// Whether the error is the server's own time-out, which takes much longer than any other error.
[[nodiscard]] inline bool took_its_time(std::string_view sqlstate) {
  return sqlstate == "57014";
}

/// The items that could not be done.
struct NotDone {
  RefusalSearch search;
  /// The first exception.
  std::exception_ptr first;
};

/// Does work(part) for all of [0, count), split as RefusalSearch has it where Postgres refuses a part. Where the
/// connection no longer works, rethrows the exception.
template <class Work>
NotDone bisect(postgres::Statements& statements, std::size_t count, bool whole_failed,
               std::chrono::steady_clock::time_point give_up_at, Work work) {
  NotDone result{RefusalSearch{count, whole_failed}, nullptr};
  result.search.run(give_up_at, &std::chrono::steady_clock::now, [&](Part part) -> std::optional<RefusalSearch::Why> {
    try {
      work(part);
      return std::nullopt;
    } catch (const std::exception& error) {
      check_it_may_be_a_rows(statements, error);
      if (!result.first) result.first = std::current_exception();
      return RefusalSearch::Why{postgres::message_of(error), cause_of(error)};
    }
  });
  return result;
}

/// The items of a part.
template <class Items>
[[nodiscard]] Items part_of(const Items& items, Part part) {
  return {items.begin() + static_cast<std::ptrdiff_t>(part.begin),
          items.begin() + static_cast<std::ptrdiff_t>(part.end)};
}

}  // namespace outboxd::outbox_store
