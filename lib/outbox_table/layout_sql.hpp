// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::outbox_table {

/// Fills a shape's names and a dispatcher's terms into SQL in which they stand as {placeholders}.
class LayoutSql {
 public:
  LayoutSql(const TableShape& shape, const LayoutTerms& terms);

  /// Adds a placeholder; its value may hold others that are there already.
  void set(const std::string& name, std::string_view value);
  /// Adds a placeholder whose value stays as it is.
  void put(const std::string& name, std::string value);
  /// Throws std::logic_error for a placeholder that isn't there.
  [[nodiscard]] std::string fill(std::string_view sql) const;
  /// Fills a statement that reads the table; policies and functions of its owner find the role's own search path.
  [[nodiscard]] std::string fill_read(std::string_view sql) const;
  /// Fills a statement that writes, without RETURNING; so do triggers. The result has an empty line for each row that
  /// it changed.
  [[nodiscard]] std::string fill_write(std::string_view sql) const;
  /// The ways in which a claim is asked for. `claim` and `claim_places` take the rows for which {which}{and_rows}
  /// holds, and of those {first_due}, lease them until {lease_end}, and return {claimed}; `ordinary` are further
  /// conditions where no certain rows are meant. `any_due` is a condition that says whether there are rows that have
  /// to be looked after, {from} where the index is entered, {but_streams} leaves out streams.
  void add_claims(Layout& layout, std::string_view claim, std::string_view claim_places, std::string_view ordinary,
                  std::string_view any_due) const;
  /// The looks for rows that are then claimed by name; {from} says where the index is entered. `ordinary` as above.
  void add_looks(Layout& layout, std::string_view claim_window, std::string_view due_ids,
                 std::string_view ordinary) const;
  /// The ways in which outcomes are written; {ours} says which rows are still ours.
  void add_settlements(Layout& layout, std::string_view mark_published, std::string_view settle) const;

  /// The SQL once for each stream that is looked for by itself, with {of_stream} as the condition for it; once for
  /// all where none is.
  [[nodiscard]] std::string for_each_stream(std::string_view sql, std::string_view between) const;

 private:
  // What the constructor puts in, in this order (layout_placeholders.cpp).
  void put_columns(const TableShape& shape, const LayoutTerms& terms);
  void put_terms(const LayoutTerms& terms);
  /// Conditions for the states of a row.
  void set_states(const TableShape& shape, const LayoutTerms& terms);
  /// Beginnings of SET lists, for what a shape may have or not.
  void set_assignments(const TableShape& shape);
  /// Whether what stands there is what was written.
  void set_checks(const TableShape& shape);

  /// {first_due}: the rows for which {which}{and_rows} holds, those due first before others.
  void set_first_due(std::string_view columns, std::string_view lock, bool of_each_stream);

  /// Those that are looked for each by itself.
  std::vector<std::string> streams_;
  std::map<std::string, std::string, std::less<>> values_;
};

/// {due} once more, for rows that were found by their place. No index can serve this form of it: from statistics that
/// know of no backlog yet the planner would otherwise walk all of one, and compare each row with every place. And
/// should a partitioned table take this one's place, other rows may be in the same places.
constexpr std::string_view kStillDue = "CASE WHEN {due} THEN true ELSE false END";

/// Where an index by time is entered, as a further condition; `parameter` is a timestamptz. What commits a moment
/// later than its time says lies within the margin below.
[[nodiscard]] std::string from_sql(std::string_view parameter);

/// For a table in which a lease is a pair of columns.
[[nodiscard]] Layout column_lease_layout(const TableShape& shape, const LayoutTerms& terms);

/// For a table in which a row is leased by moving the time from which it may be claimed.
[[nodiscard]] Layout availability_lease_layout(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
