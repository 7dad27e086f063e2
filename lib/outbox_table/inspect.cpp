// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/inspect.hpp"

#include "outbox_table/shape_columns.hpp"
#include "outbox_table/stream_index.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/identifier.hpp"
#include "postgres/search_path.hpp"

#include <exception>
#include <utility>

namespace outboxd::outbox_table {

using postgres::array_literal;
using postgres::exec;
using postgres::is_true;
using postgres::kNamedTable;
using postgres::kTakesOwnPath;
using postgres::message_of;
using postgres::quote_name;
using postgres::sqlstate_of;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr std::string_view kFindTable = R"sql(
SELECT c.oid, c.relkind::text || CASE WHEN c.relhassubclass THEN '+' ELSE '' END AS kind,
       current_database() AS database, current_user AS role,
       coalesce(nullif(array_to_string(ARRAY(
         SELECT schema FROM unnest(current_schemas(false)) AS looked_in (schema) WHERE schema::text NOT LIKE 'pg\_temp\_%'),
         ', '), ''), 'none') AS searched,
       c.oid IS NOT NULL AND row_security_active(c.oid) AND EXISTS (
         SELECT FROM unnest($2::text[]) AS needed (command) WHERE NOT EXISTS (
           SELECT FROM pg_policy AS p
            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd::text IN ('*', needed.command)
              AND EXISTS (SELECT FROM unnest(p.polroles) AS granted (role)
                           WHERE granted.role = 0 OR pg_has_role(granted.role, 'USAGE')))) AS hides_all,
       n.nspname AS schema, c.relname AS name, current_setting('is_superuser') = 'on' AS is_superuser,
       pg_has_role(c.relowner, 'USAGE') AS is_owner
  FROM named LEFT JOIN pg_class AS c ON c.oid = named.oid AND c.relpersistence <> 't'
  LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace)sql";

// `equals`, `greater`: an extension's type is compared with its own operators, those of its indexes, which aren't in
// the path.
constexpr const char* kLookAtColumns = R"sql(
SELECT *, operators ->> '3' AS equals, operators ->> '5' AS greater FROM (
SELECT wanted.place, a.attnum IS NOT NULL AS is_there,
       has_column_privilege($1::oid, a.attnum, 'SELECT') AS may_read,
       has_column_privilege($1::oid, a.attnum, 'UPDATE') AS may_update,
       format_type(a.atttypid, -1) AS type, t.typcategory::text AS category, a.attnotnull AS not_null,
       (a.attgenerated <> '' OR a.attidentity = 'a') AS is_generated,
       EXISTS (SELECT FROM pg_index AS i
                WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                  AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS is_unique,
       format_type(a.atttypid, a.atttypmod) AS full_type,
       CASE WHEN t.oid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END
         AS most_characters,
       (WITH RECURSIVE base AS (
          SELECT t.oid, t.typtype, t.typbasetype, t.typnamespace
          UNION ALL
          SELECT d.oid, d.typtype, d.typbasetype, d.typnamespace
            FROM base JOIN pg_type AS d ON d.oid = base.typbasetype WHERE base.typtype = 'd')
        SELECT jsonb_object_agg(e.amopstrategy, format('OPERATOR(%I.%s)', n.nspname, o.oprname))
          FROM base JOIN pg_opclass AS k ON k.opcintype = base.oid AND k.opcdefault
          JOIN pg_am AS m ON m.oid = k.opcmethod AND m.amname = 'btree'
          JOIN pg_amop AS e ON e.amopfamily = k.opcfamily AND e.amoplefttype = base.oid
                           AND e.amoprighttype = base.oid AND e.amopstrategy IN (3, 5)
          JOIN pg_operator AS o ON o.oid = e.amopopr
          JOIN pg_namespace AS n ON n.oid = o.oprnamespace
         WHERE base.typtype = 'b' AND base.typnamespace <> 'pg_catalog'::regnamespace) AS operators
  FROM unnest($2::text[]) WITH ORDINALITY AS wanted (name, place)
  LEFT JOIN pg_attribute AS a
    ON a.attrelid = $1::oid AND a.attname = wanted.name AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_type AS t ON t.oid = a.atttypid) AS columns
 ORDER BY place)sql";

// A cast to the column's full type cuts texts that are too long. Constraints on this column alone can be evaluated
// for a value.
constexpr const char* kStateColumn = R"sql(
SELECT format_type(a.atttypid, a.atttypmod) AS full_type,
       coalesce((SELECT string_agg('(' || pg_get_expr(c.conbin, c.conrelid) || ')', ' AND ') FROM pg_constraint AS c
                  WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.conkey = ARRAY[a.attnum]), 'true') AS condition
  FROM pg_attribute AS a WHERE a.attrelid = $1::oid AND a.attname = $2)sql";

constexpr const char* kInsufficientPrivilege = "42501";

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// Collects the faults of a table's columns.
class ColumnCheck {
 public:
  ColumnCheck(std::string table, std::string user, const TableShape& shape, std::size_t worker_length, TableUse use,
              TableReport& report)
      : table_{std::move(table)},
        user_{std::move(user)},
        shape_{shape},
        worker_length_{worker_length},
        use_{use},
        report_{report} {}

  void look_at(const ShapeColumn& column, const pqxx::row& row) {
    if (!is_true(row["is_there"])) {
      missing_.push_back(column.name);
      return;
    }
    if (!is_true(row["may_read"])) unreadable_.push_back(column.name);
    if (use_ == TableUse::drive && column.written && !is_true(row["may_update"])) unwritable_.push_back(column.name);
    const auto type = text_of(row["type"]);
    if (const auto problem = wrong_type(column.holds, type, text_of(row["category"]).front()); !problem.empty()) {
      object(column, problem + ", is " + type);
    }
    if (column.set_to_null && is_true(row["not_null"])) object(column, "must allow NULL");
    if (column.written && is_true(row["is_generated"])) {
      object(column, "is generated by the database, and has to be written");
    }
    if (column.role == "id" && !is_true(row["not_null"])) object(column, "must not allow NULL");
    if (column.role == "id" && report_.plain && !is_true(row["is_unique"])) {
      object(column, "must have a unique index of its own");
    }
    if (column.role == "id") report_.id_type = type;
    if (column.role == "payload") report_.payload_type = type;
    if (column.role == "status") report_.status_type = type;
    if (column.role == "id" && !row["equals"].is_null()) {
      report_.id_equals = text_of(row["equals"]);
      report_.id_greater = text_of(row["greater"]);
    }
    if (column.role == "status" && !row["equals"].is_null()) report_.status_equals = text_of(row["equals"]);
    if (column.role == "attempts") report_.attempts_type = type;
    if (column.role == "last_error") report_.last_error_type = text_of(row["full_type"]);
    const auto most = text_of(row["most_characters"]);
    if (column.role == "locked_by" && !most.empty() && std::stoul(most) < worker_length_) {
      object(column, "holds " + most + " characters, and a worker's name has " + std::to_string(worker_length_));
    }
  }

  void finish() {
    add(missing_, "table " + table_ + " lacks the column(s) ",
        ": it isn't of layout " + shape_.name + "; " + shape_.remedy);
    add(unreadable_, "role " + user_ + " may not read " + table_ + " (", "): GRANT SELECT ON " + table_);
    add(unwritable_, "role " + user_ + " may not update " + table_ + " (", "): GRANT UPDATE ON " + table_);
  }

 private:
  void object(const ShapeColumn& column, const std::string& reason) {
    report_.problems.push_back("column " + column.name + " of table " + table_ + " can't be its " + column.role +
                               ": it " + reason + "; " + shape_.remedy);
  }

  void add(const std::vector<std::string>& columns, const std::string& before, const std::string& after) {
    if (!columns.empty()) report_.problems.push_back(before + joined(columns) + after);
  }

  std::string table_;
  std::string user_;
  const TableShape& shape_;
  std::size_t worker_length_;
  TableUse use_;
  TableReport& report_;
  std::vector<std::string> missing_;
  std::vector<std::string> unreadable_;
  std::vector<std::string> unwritable_;
};

/// The words of a column of states must be values that it can hold.
class StateCheck {
 public:
  StateCheck(Statements& statements, std::string oid, const TableShape& shape, TableReport& report)
      : statements_{statements}, oid_{std::move(oid)}, shape_{shape}, report_{report} {}

  void run(const std::string& table) {
    const auto column = exec(statements_, kStateColumn, oid_, shape_.status)[0];
    const auto status = quote_name(shape_.status);
    sql_.append("SELECT ").append(status).append("::text = $1 AND coalesce(").append(text_of(column["condition"]));
    sql_.append(", true) FROM (SELECT $1::text::").append(text_of(column["full_type"])).append(" AS ").append(status);
    sql_.append(") AS state WHERE ").append(kTakesOwnPath);
    for (const auto& word : {shape_.pending, shape_.published, shape_.dead}) {
      const auto reason = why_not(word);
      if (reason.empty()) continue;
      std::string problem = "column ";
      problem.append(shape_.status).append(" of table ").append(table).append(" can't hold the state '");
      problem.append(word).append("': ").append(reason).append("; correct dispatcher.states");
      report_.problems.push_back(std::move(problem));
    }
  }

 private:
  std::string why_not(const std::string& word) {
    try {
      return is_true(exec(statements_, sql_, word)[0][0]) ? "" : "it is too long, or a CHECK constraint forbids it";
    } catch (const std::exception& error) {
      const auto state = sqlstate_of(error);
      if (!state.starts_with("22") && !state.starts_with("23") && !state.starts_with("42")) throw;
      return message_of(error);
    }
  }

  Statements& statements_;
  std::string oid_;
  const TableShape& shape_;
  TableReport& report_;
  std::string sql_;
};

/// Triggers, policies and constraints of the table run with this role's rights.
void warn_of_needless_rights(const pqxx::row& row, const std::string& table, TableReport& report) {
  const auto role = "role " + text_of(row["role"]);
  const std::string remedy = ": connect as a role of its own that has SELECT and UPDATE on it (deploy/SECURITY.md)";
  if (is_true(row["is_superuser"])) {
    report.warnings.push_back(role + " is a superuser, and whatever runs in triggers of " + table +
                              " may do everything on this server" + remedy);
  } else if (is_true(row["is_owner"])) {
    report.warnings.push_back(role + " owns the table " + table +
                              ", and may change it and switch its protection off, as may whatever runs in its "
                              "triggers" +
                              remedy);
  }
}

}  // namespace

TableReport inspect_table(Statements& statements, const std::string& table, const TableShape& shape,
                          std::size_t worker_length, TableUse use) {
  TableReport report;
  pqxx::result found;
  try {
    found = exec(statements, std::string{kNamedTable}.append(kFindTable), table,
                 use == TableUse::drive ? "{r,w}" : "{r}");
  } catch (const std::exception& error) {
    // Without rights on a schema its contents are hidden.
    if (sqlstate_of(error) != kInsufficientPrivilege) throw;
    report.problems.push_back("table " + table + ": " + message_of(error, table) +
                              ": GRANT USAGE ON its SCHEMA, and SELECT, "
                              "UPDATE on the table, to this role");
    return report;
  }
  const auto row = found[0];
  if (row["oid"].is_null()) {
    report.problems.push_back("table " + table + " does not exist in database " + text_of(row["database"]) +
                              " (schemas " + text_of(row["searched"]) +
                              "): create it with `outboxd migrate`, or correct dispatcher.table");
    return report;
  }
  report.table = quote_name(text_of(row["schema"])) + "." + quote_name(text_of(row["name"]));
  const auto kind = text_of(row["kind"]);
  report.plain = kind == "r";
  if (!kind.starts_with('r') && !kind.starts_with('p')) {
    report.problems.push_back(table + " is not a table: correct dispatcher.table");
    return report;
  }
  warn_of_needless_rights(row, table, report);
  const auto columns = columns_of(shape);
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const auto& column : columns) names.push_back(column.name);
  ColumnCheck check{table, text_of(row["role"]), shape, worker_length, use, report};
  const auto lines = exec(statements, kLookAtColumns, text_of(row["oid"]), array_literal(names));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    check.look_at(columns[i], lines[static_cast<pqxx::result::size_type>(i)]);
  }
  check.finish();
  if (report.problems.empty()) report.has_stream_index = has_stream_index(statements, text_of(row["oid"]), shape);
  if (shape.has_status() && report.problems.empty()) {
    StateCheck{statements, text_of(row["oid"]), shape, report}.run(table);
  }
  if (is_true(row["hides_all"])) {
    report.problems.push_back("row-level security hides every row of " + table + " from role " +
                              text_of(row["role"]) + ": CREATE POLICY … ON " + table + " TO " + text_of(row["role"]) +
                              " USING (true)");
  }
  return report;
}

std::string in_one_line(const std::vector<std::string>& problems) {
  std::string text;
  for (const auto& problem : problems) text.append(text.empty() ? "" : "; ").append(problem);
  return text;
}

LayoutTerms with_facts(LayoutTerms terms, const TableReport& report) {
  if (!report.table.empty()) terms.table = report.table;
  terms.ctid_names_rows = report.plain;
  terms.has_stream_index = report.has_stream_index;
  terms.id_type = report.id_type;
  terms.payload_type = report.payload_type;
  terms.status_type = report.status_type;
  terms.attempts_type = report.attempts_type;
  terms.last_error_type = report.last_error_type;
  terms.id_equals = report.id_equals;
  terms.status_equals = report.status_equals;
  terms.id_greater = report.id_greater;
  return terms;
}

}  // namespace outboxd::outbox_table
