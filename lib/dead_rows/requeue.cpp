// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/requeue.hpp"

#include "postgres/array_literal.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

namespace outboxd::dead_rows {

using postgres::array_literal;
using postgres::text_of;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kRowsPerLook = 1'000;
constexpr milliseconds kBetweenLooks{250};

/// Counts the rows that are settled, and adds those on their way to `on_their_way`.
Outcomes look(Table& table, IdSpool& ids, IdSpool& on_their_way) {
  Outcomes outcomes;
  ids.rewind();
  for (auto some = ids.next(kRowsPerLook); !some.empty(); some = ids.next(kRowsPerLook)) {
    std::map<std::string, std::string> states;
    for (const auto& row : table.run(table.sql().outcomes, {array_literal(some)})) {
      states[text_of(row["id"])] = text_of(row["state"]);
    }
    for (const auto& id : some) {
      const auto state = states.find(id);
      if (state == states.end() || state->second == "discarded") {
        ++outcomes.gone;
      } else if (state->second == "published") {
        ++outcomes.published;
      } else if (state->second == "dead") {
        ++outcomes.dead;
      } else {
        ++(state->second == "retrying" ? outcomes.retrying : outcomes.waiting);
        on_their_way.add(id);
      }
    }
  }
  return outcomes;
}

}  // namespace

void requeue(Table& table, const FilterParameters& filter, const Steps& steps, Tally& tally, IdSpool* requeued) {
  change_each(table, filter, steps, tally, [&](const std::vector<std::string>& ids) {
    auto parameters = filter;
    parameters.emplace_back(array_literal(ids));
    std::unordered_set<std::string> waiting;
    std::size_t rows_waiting = 0;
    const auto take_ids = [&](const pqxx::result& rows) {
      for (const auto& row : rows) waiting.insert(text_of(row["id"]));
      rows_waiting = postgres::row_count(rows);
    };
    table.run_and_commit(table.sql().requeue, parameters, take_ids, tally.in_doubt);
    Changed changed{.rows = rows_waiting};
    const auto unchanged = std::ranges::find_if_not(ids, [&](const auto& id) { return waiting.contains(id); });
    if (unchanged != ids.end()) changed.first_unchanged = *unchanged;
    if (requeued == nullptr || !tally.unfollowed.empty()) return changed;
    try {
      for (const auto& id : waiting) requeued->add(id);
    } catch (const std::exception& error) {
      // The rows are requeued all the same.
      tally.unfollowed = error.what();
    }
    return changed;
  });
}

Outcomes follow(Table& table, IdSpool& ids, milliseconds most, const std::function<bool(milliseconds)>& stops,
                const std::function<void(const Outcomes&)>& looked) {
  const auto end = steady_clock::now() + most;
  Outcomes settled;
  for (;;) {
    IdSpool on_their_way;
    const auto now = look(table, ids, on_their_way);
    settled.published += now.published;
    settled.dead += now.dead;
    settled.gone += now.gone;
    settled.retrying = now.retrying;
    settled.waiting = now.waiting;
    ids = std::move(on_their_way);
    if (looked) looked(settled);
    const auto time_left = end - steady_clock::now();
    if (ids.size() == 0 || time_left <= milliseconds{0}) return settled;
    if (stops(std::min(kBetweenLooks, std::chrono::ceil<milliseconds>(time_left)))) return settled;
  }
}

}  // namespace outboxd::dead_rows
