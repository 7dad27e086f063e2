// SPDX-License-Identifier: Apache-2.0
// The SQL of `outboxd trace` for each of the contract's tables and for one that a configuration describes, in files
// that can be read, and run by psql. OUTBOXD_WRITE_SQL=1 writes them anew.
#include "outbox_table/inspect.hpp"
#include "outbox_table/trace_sql.hpp"
#include "support/layout_statements.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace outboxd::outbox_table {
namespace {

/// All that may be missing is.
TableShape shape_with_least_columns() {
  return {.name = "custom",
          .id = "id",
          .stream = "topic",
          .payload = "content",
          .attempts = "attempts",
          .available_at = "next_try",
          .published_at = "sent_at"};
}

std::string trace_file_for(const TableShape& shape, const std::string& table) {
  const auto& [is_id, by_id, by_dedupe_key, payload, is_locked] =
      make_trace_sql(shape, with_facts({}, test::report_on_migrated(table)));
  std::string text = "-- SPDX-License-Identifier: Apache-2.0\n-- The statements of `outboxd trace` for the layout " +
                     shape.name + ", written by outbox_table_trace_sql_test.\n";
  const auto add = [&text](const std::string& name, const std::string& sql, const std::string& example) {
    if (sql.empty()) return;
    text += "\n-- " + name + "\nPREPARE " + name + " AS\n" + sql.substr(sql.find_first_not_of('\n')) +
            ";\n\nEXPLAIN EXECUTE " + name + " (" + example + ");\n";
  };
  add("trace_is_id", is_id, "'a'");
  add("trace_by_id", by_id, "'a'");
  add("trace_by_dedupe_key", by_dedupe_key, "'a'");
  add("trace_payload", payload, "'a', 's', 0, 1000");
  add("trace_is_locked", is_locked, "'a'");
  return text;
}

}  // namespace

TEST_CASE("the SQL files contain the statements of `outboxd trace`") {
  struct TracedTable {
    TableShape shape;
    std::string table;
  };
  for (const auto& [shape, table] :
       {TracedTable{event_outbox_shape(), "event_outbox"}, TracedTable{caracal_outbox_shape(), "caracal_outbox"},
        TracedTable{shape_with_least_columns(), "messages"}}) {
    const auto file = std::string{OUTBOXD_SOURCE_DIR "/tests/unit/sql/trace."} + shape.name + ".sql";
    CAPTURE(file);
    const auto text = trace_file_for(shape, table);
    if (std::getenv("OUTBOXD_WRITE_SQL") != nullptr) std::ofstream{file} << text;
    std::ostringstream there;
    there << std::ifstream{file}.rdbuf();
    CHECK(there.str() == text);
  }
}

}  // namespace outboxd::outbox_table
