// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/discard.hpp"

#include "postgres/array_literal.hpp"
#include "postgres/error_text.hpp"

#include <system_error>
#include <unordered_set>

namespace outboxd::dead_rows {

using postgres::array_literal;
using postgres::text_of;
using postgres::view_of;

Discard discard_of(const Table& table) {
  return table.rights().may_delete ? Discard::remove : Discard::mark;
}

void discard(Table& table, const FilterParameters& filter, const Steps& steps, Tally& tally,
             const std::string& reason, ExportFile& file) {
  const bool marks = discard_of(table) == Discard::mark;
  // Only a role that may update a row may lock it.
  const auto& removes = table.rights().may_update ? table.sql().remove : table.sql().remove_waiting;
  const auto& statement = marks ? table.sql().mark_discarded : removes;
  change_each(table, filter, steps, tally, [&](const std::vector<std::string>& ids) {
    auto parameters = filter;
    parameters.emplace_back(array_literal(ids));
    if (marks) parameters.emplace_back("discarded: " + postgres::sanitize_last_error(reason, true));
    std::unordered_set<std::string> gone;
    std::size_t rows_gone = 0;
    const auto export_rows = [&](const pqxx::result& rows) {
      for (const auto& row : rows) {
        gone.insert(text_of(row[0]));
        ++rows_gone;
        file.add(view_of(row[1]));
      }
      if (!gone.empty()) file.sync();
    };
    try {
      table.run_and_commit(statement, parameters, export_rows, tally.in_doubt);
    } catch (const std::exception&) {
      if (!tally.in_doubt) file.take_back();
      throw;
    }
    file.keep();
    Changed changed{.rows = rows_gone};
    for (const auto& id : ids) {
      if (gone.contains(id)) continue;
      changed.first_unchanged = id;
      break;
    }
    return changed;
  });
}

}  // namespace outboxd::dead_rows
