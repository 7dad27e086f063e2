// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::outbox_table {

/// Replaces {placeholders} in SQL by a shape's names and a dispatcher's terms.
class LayoutSql {
 public:
  LayoutSql(const TableShape& shape, const LayoutTerms& terms);

  /// Adds a placeholder; its value may contain placeholders that were added before.
  void set(const std::string& name, std::string_view value);
  /// Adds a placeholder whose value is not changed.
  void put(const std::string& name, std::string value);
  /// Throws std::logic_error for an unknown placeholder.
  [[nodiscard]] std::string fill(std::string_view sql) const;
  /// Fills a statement that reads the table; policies and functions of its owner get the role's own search path.
  [[nodiscard]] std::string fill_read(std::string_view sql) const;
  /// Fills a statement that writes, without RETURNING; triggers also get the role's own search path. The result has
  /// an empty line for each row that was changed.
  [[nodiscard]] std::string fill_write(std::string_view sql) const;
  /// Adds the forms of a claim. `claim` and `claim_places` take the rows for which {which}{and_rows} holds, and of
  /// these {first_due}, lease them until {lease_end}, and return {claimed}; `ordinary` are further conditions where
  /// no particular rows are asked for. `any_due` is a condition that is true if there are due rows at all, {from} is
  /// where the index is entered, {but_streams} leaves out streams.
  void add_claims(Layout& layout, std::string_view claim, std::string_view claim_places, std::string_view ordinary,
                  std::string_view any_due) const;
  /// Adds the searches for rows that are then claimed by name; {from} is where the index is entered. `ordinary` as
  /// above.
  void add_searches(Layout& layout, std::string_view claim_window, std::string_view due_ids,
                    std::string_view ordinary) const;
  /// Adds the statements that write outcomes; {ours} is the condition that the lease still holds a row.
  void add_settlements(Layout& layout, std::string_view mark_published, std::string_view settle) const;

  /// The SQL once for each stream that is searched by itself, with {of_stream} as the condition for it; once for all
  /// streams otherwise.
  [[nodiscard]] std::string for_each_stream(std::string_view sql, std::string_view between) const;

 private:
  // The constructor's steps, in this order (layout_placeholders.cpp).
  void put_columns(const TableShape& shape, const LayoutTerms& terms);
  void put_terms(const LayoutTerms& terms);
  /// The conditions for a row's states.
  void set_states(const TableShape& shape, const LayoutTerms& terms);
  /// The assignments of SET lists, for columns that a shape may lack.
  void set_assignments(const TableShape& shape);
  /// The conditions that a row holds what was written.
  void set_checks(const TableShape& shape);

  /// {first_due}: the rows for which {which}{and_rows} holds, in the order in which they are due.
  void set_first_due(std::string_view columns, std::string_view lock, bool of_each_stream);

  /// The streams that are searched by themselves.
  std::vector<std::string> streams_;
  std::map<std::string, std::string, std::less<>> values_;
};

/// {due} once more, for rows that were found by their place. No index can serve this form of it: with statistics that
/// do not show a backlog yet, the planner would otherwise walk a whole index and compare each row with every place.
/// And if a partitioned table replaces this one, other rows may be in the same places.
constexpr std::string_view kStillDue = "CASE WHEN {due} THEN true ELSE false END";

/// The further condition that enters an index by time at `parameter`, a timestamptz. The margin below it covers rows
/// that commit a moment later than their time says.
[[nodiscard]] std::string from_sql(std::string_view parameter);

/// For a table in which a lease is a pair of columns.
[[nodiscard]] Layout column_lease_layout(const TableShape& shape, const LayoutTerms& terms);

/// For a table in which a row is leased by moving the time from which it may be claimed.
[[nodiscard]] Layout availability_lease_layout(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
