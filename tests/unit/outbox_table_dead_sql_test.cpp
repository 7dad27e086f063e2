// SPDX-License-Identifier: Apache-2.0
// The SQL of `outboxd dead` for each of the contract's tables and for one that a configuration describes, in files
// that can be read, and run by psql. OUTBOXD_WRITE_SQL=1 writes them anew.
#include "outbox_table/dead_sql.hpp"
#include "outbox_table/inspect.hpp"
#include "support/layout_statements.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace outboxd::outbox_table {
namespace {

const std::string kFolder = OUTBOXD_SOURCE_DIR "/tests/unit/sql/";

/// No column for errors, times or a lease but the ones that it must have, and no state: all that may be missing.
TableShape least_shape() {
  return {.name = "custom",
          .id = "id",
          .stream = "topic",
          .payload = "content",
          .attempts = "attempts",
          .available_at = "next_try",
          .published_at = "sent_at"};
}

std::string file_for(const TableShape& shape, const std::string& table) {
  auto terms = with_facts({}, test::report_on_migrated(table));
  if (shape.name == "caracal_outbox") terms.producer = "coordinator";
  const auto& [list, count, window, requeue, remove, remove_waiting, mark_discarded, outcomes, show] =
      make_dead_sql(shape, terms, {.readable = {shape.id, shape.payload}});
  const std::string filter = "'{s}', 'refused 1', now(), NULL, NULL";
  const std::string ids = "'{a,b}'";
  std::string text = "-- SPDX-License-Identifier: Apache-2.0\n-- The statements of `outboxd dead` for the layout " +
                     shape.name + ", written by outbox_table_dead_sql_test.\n";
  const auto add = [&text](const std::string& name, const std::string& sql, const std::string& example) {
    text += "\n-- " + name + "\nPREPARE " + name + " AS\n" + sql.substr(sql.find_first_not_of('\n')) +
            ";\n\nEXPLAIN EXECUTE " + name + " (" + example + ");\n";
  };
  add("dead_list", list, filter + ", 1000");
  add("dead_count", count, filter);
  add("dead_window", window, filter + ", NULL, 10000");
  add("dead_requeue", requeue, filter + ", " + ids);
  add("dead_remove", remove, filter + ", " + ids);
  add("dead_remove_waiting", remove_waiting, filter + ", " + ids);
  add("dead_mark_discarded", mark_discarded, filter + ", " + ids + ", 'discarded: sent by hand'");
  add("dead_outcomes", outcomes, ids);
  add("dead_show", show, "'a', false");
  return text;
}

}  // namespace

TEST_CASE("the SQL files contain the statements of `outboxd dead`") {
  struct Case {
    TableShape shape;
    std::string table;
  };
  for (const auto& [shape, table] :
       {Case{event_outbox_shape(), "event_outbox"}, Case{caracal_outbox_shape(), "caracal_outbox"},
        Case{least_shape(), "messages"}}) {
    const auto file = kFolder + "dead." + shape.name + ".sql";
    CAPTURE(file);
    const auto text = file_for(shape, table);
    if (std::getenv("OUTBOXD_WRITE_SQL") != nullptr) std::ofstream{file} << text;
    std::ostringstream there;
    there << std::ifstream{file}.rdbuf();
    CHECK(there.str() == text);
  }
}

TEST_CASE("how old a dead row is: since its last change, else since its creation") {
  auto shape = caracal_outbox_shape();
  CHECK(dead_since_column(shape) == "updated_at");
  CHECK(dead_since_column(event_outbox_shape()) == "created_at");
  CHECK(dead_since_column(least_shape()).empty());
  shape.updated_at.clear();
  shape.created_at.clear();
  CHECK(dead_since_column(shape) == "available_at");
}

}  // namespace outboxd::outbox_table
