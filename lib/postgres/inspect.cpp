// SPDX-License-Identifier: Apache-2.0
#include "postgres/inspect.hpp"

#include "postgres/array_literal.hpp"

namespace outboxd::postgres {
namespace {

constexpr const char* kFindTable = R"sql(
SELECT c.oid, c.relkind::text || CASE WHEN c.relhassubclass THEN '+' ELSE '' END, current_database(), current_user, current_schemas(false)::text
  FROM (SELECT to_regclass($1)) AS found (oid) LEFT JOIN pg_class AS c ON c.oid = found.oid)sql";

constexpr const char* kCheckColumns = R"sql(
SELECT wanted.name,
       a.attnum IS NOT NULL,
       a.attnum IS NOT NULL AND has_column_privilege($1::oid, a.attnum, 'SELECT'),
       a.attnum IS NOT NULL AND (NOT wanted.written OR has_column_privilege($1::oid, a.attnum, 'UPDATE'))
  FROM unnest($2::text[], $3::bool[]) AS wanted (name, written)
  LEFT JOIN pg_attribute AS a
    ON a.attrelid = $1::oid AND a.attname = wanted.name AND a.attnum > 0 AND NOT a.attisdropped)sql";

bool is_true(const pqxx::field& field) {
  return text_of(field) == "t";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

void add_problem(std::vector<std::string>& problems, const std::vector<std::string>& columns,
                 const std::string& before, const std::string& after) {
  if (!columns.empty()) problems.push_back(before + joined(columns) + after);
}

std::vector<std::string> column_problems(pqxx::transaction_base& transaction, const std::string& oid,
                                         const std::string& table, const std::string& user, const Layout& layout) {
  std::vector<std::string> names;
  std::vector<std::string> written;
  for (const auto& column : layout.columns) {
    names.emplace_back(column.name);
    written.emplace_back(column.written ? "t" : "f");
  }
  std::vector<std::string> missing;
  std::vector<std::string> unreadable;
  std::vector<std::string> unwritable;
  for (const auto& row : exec(transaction, kCheckColumns, oid, array_literal(names), array_literal(written))) {
    const auto name = text_of(row[0]);
    if (!is_true(row[1])) {
      missing.push_back(name);
      continue;
    }
    if (!is_true(row[2])) unreadable.push_back(name);
    if (!is_true(row[3])) unwritable.push_back(name);
  }
  std::vector<std::string> problems;
  add_problem(problems, missing, "table " + table + " lacks the column(s) ",
              ": it isn't an event_outbox; correct dispatcher.table");
  add_problem(problems, unreadable, "role " + user + " may not read " + table + " (", "): GRANT SELECT ON " + table);
  add_problem(problems, unwritable, "role " + user + " may not update " + table + " (",
              "): GRANT UPDATE ON " + table);
  return problems;
}

}  // namespace

TableReport inspect_table(pqxx::transaction_base& transaction, const std::string& table, const Layout& layout) {
  const auto found = exec(transaction, kFindTable, table);
  const auto row = found[0];
  TableReport report;
  if (row[0].is_null()) {
    report.problems.push_back("table " + table + " does not exist in database " + text_of(row[2]) + " (schemas " +
                              text_of(row[4]) + "): create it with `outboxd migrate`, or correct dispatcher.table");
    return report;
  }
  const auto kind = text_of(row[1]);
  report.plain = kind == "r";
  if (!kind.starts_with('r') && !kind.starts_with('p')) {
    report.problems.push_back(table + " is not a table: correct dispatcher.table");
    return report;
  }
  report.problems = column_problems(transaction, text_of(row[0]), table, text_of(row[3]), layout);
  return report;
}

}  // namespace outboxd::postgres
