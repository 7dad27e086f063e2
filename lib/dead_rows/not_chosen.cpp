// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/not_chosen.hpp"

#include "dead_rows/tally.hpp"
#include "postgres/array_literal.hpp"

#include <set>

namespace outboxd::dead_rows {

using postgres::array_literal;

namespace {

std::string state_in_words(const std::string& state) {
  if (state == "published") return "it is published";
  if (state == "discarded") return "it was discarded";
  if (state == "leased") return "it is leased by a dispatcher, which is publishing it";
  if (state == "retrying") return "it has failed, and waits for its next attempt";
  return "it is pending, and was not tried yet";
}

}  // namespace

std::vector<NotChosen> not_chosen(Table& table, const Filter& filter, const FilterParameters& parameters) {
  if (filter.ids.empty()) return {};
  std::set<std::string> chosen;
  auto window = parameters;
  window.emplace_back();
  window.emplace_back("1000000");
  for (const auto& row : table.run(table.sql().window, window)) chosen.insert(postgres::text_of(row["id"]));
  std::vector<NotChosen> missing;
  for (const auto& id : filter.ids) {
    // One by one, as an id that is a uuid or a number may be written otherwise than the table does.
    const auto found = table.run(table.sql().outcomes, {array_literal(std::vector<std::string>{id})});
    if (found.empty()) missing.push_back({.id = id});
    for (const auto& row : found) {
      if (!chosen.contains(postgres::text_of(row["id"]))) {
        missing.push_back({.id = id, .state = postgres::text_of(row["state"])});
      }
    }
  }
  return missing;
}

std::string text_of(const NotChosen& row, const std::string& table) {
  const auto name = "row " + printable(row.id);
  if (row.state.empty()) return name + " is not in " + table + ": no row has this id, or it was removed";
  if (row.state == "dead") {
    return name +
           " is dead, but not chosen: another of the options excludes it, or its stream or producer is not the "
           "dispatcher's";
  }
  return name + " is not dead: " + state_in_words(row.state);
}

}  // namespace outboxd::dead_rows
