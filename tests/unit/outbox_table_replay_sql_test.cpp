// SPDX-License-Identifier: Apache-2.0
// The SQL of `outboxd replay` for each of the contract's tables and for one that a configuration describes, in files
// that can be read, and run by psql. OUTBOXD_WRITE_SQL=1 writes them anew.
#include "outbox_table/inspect.hpp"
#include "outbox_table/replay_sql.hpp"
#include "support/layout_statements.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace outboxd::outbox_table {
namespace {

const std::string kFolder = OUTBOXD_SOURCE_DIR "/tests/unit/sql/";

/// A state and a lease, but no column for the time of publishing, nor for another one.
TableShape shape_without_times() {
  return {.name = "custom",
          .id = "id",
          .stream = "topic",
          .payload = "content",
          .attempts = "attempts",
          .available_at = "next_try",
          .locked_until = "lease_end",
          .locked_by = "lease_owner",
          .status = "state"};
}

std::string file_for(const TableShape& shape, const std::string& table) {
  auto terms = with_facts({}, test::report_on_migrated(table));
  if (shape.name == "caracal_outbox") terms.producer = "coordinator";
  const auto& [chosen, window, streams, ids, place, payloads] = make_replay_sql(shape, terms);
  const std::string filter = "'s', now() - interval '1 day', now(), NULL, now(), now(), 'a', 1, '(0,1)'";
  std::string text = "-- SPDX-License-Identifier: Apache-2.0\n-- The statements of `outboxd replay` for the layout " +
                     shape.name + ", written by outbox_table_replay_sql_test.\n";
  const auto add = [&text](const std::string& name, const std::string& sql, const std::string& example) {
    if (sql.empty()) return;
    text += "\n-- " + name + "\nPREPARE " + name + " AS\n" + sql.substr(sql.find_first_not_of('\n')) +
            ";\n\nEXPLAIN EXECUTE " + name + " (" + example + ");\n";
  };
  add("replay_chosen", chosen, filter);
  add("replay_window", window, filter + ", 10000");
  add("replay_streams", streams, "'{s}'");
  add("replay_ids", ids, "'{a,b}'");
  add("replay_place", place, "'a'");
  add("replay_payloads", payloads, R"sql('{a,b}', 's', '{1,1}', '{"(0,1)","(0,2)"}')sql");
  return text;
}

}  // namespace

TEST_CASE("the SQL files contain the statements of `outboxd replay`, none of which writes") {
  struct Case {
    TableShape shape;
    std::string table;
  };
  for (const auto& [shape, table] :
       {Case{event_outbox_shape(), "event_outbox"}, Case{caracal_outbox_shape(), "caracal_outbox"},
        Case{shape_without_times(), "messages"}}) {
    const auto file = kFolder + "replay." + shape.name + ".sql";
    CAPTURE(file);
    const auto text = file_for(shape, table);
    // Payload and dedupe key are of one snapshot.
    const auto payloads = text.find("PREPARE replay_payloads");
    CHECK(text.find("AS dedupe_key", payloads) != std::string::npos);
    CHECK(text.find("PREPARE ", payloads + 1) == std::string::npos);
    for (const auto* word : {"UPDATE ", "INSERT ", "DELETE "}) CHECK(text.find(word) == std::string::npos);
    if (std::getenv("OUTBOXD_WRITE_SQL") != nullptr) std::ofstream{file} << text;
    std::ostringstream there;
    there << std::ifstream{file}.rdbuf();
    CHECK(there.str() == text);
  }
}

TEST_CASE("when a row was published: by its own column, else by its last change, its creation, or when it was due") {
  auto shape = caracal_outbox_shape();
  CHECK(published_time_column(shape) == "published_at");
  CHECK(published_time_column(event_outbox_shape()) == "dispatched_at");
  shape.published_at.clear();
  CHECK(published_time_column(shape) == "updated_at");
  shape.updated_at.clear();
  CHECK(published_time_column(shape) == "created_at");
  CHECK(published_time_column(shape_without_times()) == "next_try");
}

}  // namespace outboxd::outbox_table
