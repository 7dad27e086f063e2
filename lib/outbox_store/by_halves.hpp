// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::outbox_store {

/// How long a statement may take that tries some of the rows that others were refused with. A row that takes longer
/// by itself than this, while others don't, is in their way.
constexpr std::chrono::milliseconds kProbeTimeout{500};

/// How long rows are looked for that are in the way of their neighbours.
constexpr std::chrono::seconds kLongestSearch{3};

/// A cause of our own, where there is no SQLSTATE: an UPDATE that did nothing.
constexpr const char* kUnwritten = "unwritten";

/// What could not be done, item by item.
struct NotDone {
  struct One {
    std::size_t index = 0;
    std::string reason;
    /// A SQLSTATE, never empty.
    std::string cause;
  };
  std::vector<One> items;
  /// Items that were not tried alone.
  std::size_t untried = 0;
  /// What was thrown first.
  std::exception_ptr first;
};

/// Whether an error may be about single rows: whatever it says, the connection that it came over still works. Where
/// it doesn't, or it is no error of the server's, throws on what is being handled. To be called while it is.
inline void check_it_may_be_a_rows(postgres::Statements& statements, const std::exception& error) {
  // libpqxx takes every error of class 08 for a lost connection, also one that a trigger has raised.
  const bool from_the_server = dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr ||
                               dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr ||
                               !postgres::sqlstate_of(error).empty();
  if (!from_the_server || !statements.connection_works()) throw;
}

/// The error's SQLSTATE; where libpqxx hides it, it is of class 08.
[[nodiscard]] inline std::string cause_of(const std::exception& error) {
  auto state = postgres::sqlstate_of(error);
  return state.empty() ? "08000" : state;
}

/// Runs a statement on leases that end by themselves should a row of them refuse it; false where one does.
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

/// Waiting for the server's own time-out costs much more than any other error.
[[nodiscard]] inline bool took_its_time(std::string_view sqlstate) {
  return sqlstate == "57014";
}

/// Does work(begin, end) for all of [0, count), and where Postgres refuses that over a connection that works, for
/// each half of it, and so on down to single items. Wide parts come first, so that the neighbours of what is slow to
/// fail have their turn before it. Items that were not tried alone until `give_up_at` are left untried. Where the
/// connection no longer works, what it failed of is thrown. `whole_failed`: [0, count) has been tried.
template <class Work>
NotDone by_halves(postgres::Statements& statements, std::size_t count, bool whole_failed,
                  std::chrono::steady_clock::time_point give_up_at, Work work) {
  struct Span {
    std::size_t begin, end;
  };
  NotDone refused;
  std::deque<Span> to_do;
  const auto split = [&to_do](std::size_t begin, std::size_t end) {
    const auto middle = begin + (end - begin) / 2;
    to_do.push_back({begin, middle});
    to_do.push_back({middle, end});
  };
  if (count > 1 && whole_failed) {
    split(0, count);
  } else if (count > 0) {
    to_do.push_back({0, count});
  }
  while (!to_do.empty()) {
    const auto [begin, end] = to_do.front();
    to_do.pop_front();
    if (std::chrono::steady_clock::now() >= give_up_at) {
      refused.untried += end - begin;
      continue;
    }
    try {
      work(begin, end);
    } catch (const std::exception& error) {
      check_it_may_be_a_rows(statements, error);
      if (!refused.first) refused.first = std::current_exception();
      if (end - begin > 1) {
        split(begin, end);
      } else {
        refused.items.push_back({begin, postgres::message_of(error), cause_of(error)});
      }
    }
  }
  return refused;
}

}  // namespace outboxd::outbox_store
