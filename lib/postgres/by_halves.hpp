// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"
#include "postgres/sqlstate.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// What could not be done, item by item.
struct Refusals {
  struct One {
    std::size_t index = 0;
    std::string reason;
  };
  std::vector<One> items;
  /// What was thrown first.
  std::exception_ptr first;
};

/// Does work(begin, end) for all of [0, count), and where Postgres refuses that for what may be one row's own doing,
/// for each half of it, and so on down to single items. Items that were not tried alone until `give_up_at` count as
/// refused. An error of any other kind concerns everybody and is thrown.
template <class Work>
Refusals by_halves(std::size_t count, std::chrono::steady_clock::time_point give_up_at, Work work) {
  struct Span {
    std::size_t begin, end;
  };
  Refusals refused;
  std::vector<Span> to_do{{0, count}};
  while (!to_do.empty()) {
    const auto [begin, end] = to_do.back();
    to_do.pop_back();
    try {
      work(begin, end);
    } catch (const std::exception& error) {
      if (!meaning_of_sqlstate(sqlstate_of(error)).may_be_one_rows) throw;
      if (!refused.first) refused.first = std::current_exception();
      if (end - begin > 1 && std::chrono::steady_clock::now() < give_up_at) {
        const auto middle = begin + (end - begin) / 2;
        to_do.push_back({middle, end});
        to_do.push_back({begin, middle});
        continue;
      }
      for (auto i = begin; i < end; ++i) refused.items.push_back({i, message_of(error)});
    }
  }
  return refused;
}

}  // namespace outboxd::postgres
