// SPDX-License-Identifier: Apache-2.0
// The SQL that runs for each of the contract's tables, in files that can be read, and run by psql: it prints the plan
// of each statement. OUTBOXD_WRITE_SQL=1 writes them anew.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "daemon/parts.hpp"
#include "support/layout_statements.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd {
namespace {

const std::string kFolder = OUTBOXD_SOURCE_DIR "/tests/unit/sql/";

/// A migrated table of the contract's, which needs no other settings than these.
struct Case {
  std::string layout;
  std::string profile;
};

outbox_store::RowStoreOptions options_for(const Case& table) {
  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  sources.flags = {{"--profile", table.profile}, {"--layout", table.layout}};
  const auto loaded = config::load(sources, {.postgres = false});
  REQUIRE(config::render_problems(loaded.problems) == "");
  auto settings = loaded.settings;
  settings.postgres.url = "postgres://localhost/outbox";
  return daemon::row_store_options(settings, "outboxd:host:4711:0badcafe");
}

std::string with_commas(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::string trimmed(std::string_view sql) {
  return std::string{sql.substr(sql.find_first_not_of('\n'))};
}

std::string file_for(const Case& table) {
  const auto options = options_for(table);
  const auto terms = outbox_table::with_facts(options.terms, test::report_on_migrated(options.table));
  const auto layout = outbox_table::make_layout(options.shape, terms);
  std::string text =
      "-- SPDX-License-Identifier: Apache-2.0\n"
      "-- Every statement that drives the table of layout @layout, as it runs by the settings of profile @profile.\n"
      "-- What each is for stands in lib/outbox_table/layout.hpp. In a database in which `outboxd migrate` has run,\n"
      "-- `psql -f @layout.sql` shows the plans.\n"
      "-- Written by: OUTBOXD_WRITE_SQL=1 build/dev/tests/unit_tests --source-file='*/outbox_table_sql_test.cpp'\n"
      "SET search_path = pg_catalog, pg_temp;\n";
  text = std::regex_replace(std::regex_replace(text, std::regex{"@layout"}, table.layout), std::regex{"@profile"},
                            table.profile);
  for (const auto& [name, sql, example] : test::statements_of(layout)) {
    if (sql.empty()) continue;
    text += "\n-- " + name + "\nPREPARE " + name + " AS\n" + trimmed(sql) + ";\n\n";
    text += "EXPLAIN EXECUTE " + name + (example.empty() ? "" : " (" + with_commas(example) + ")") + ";\n";
  }
  return text;
}

std::string contents_of(const std::string& path) {
  const std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the files of SQL are what runs") {
  for (const auto& table : {Case{"event_outbox", "api"}, Case{"caracal_outbox", "coordinator"}}) {
    CAPTURE(table.layout);
    const auto path = kFolder + table.layout + ".sql";
    const auto text = file_for(table);
    if (std::getenv("OUTBOXD_WRITE_SQL") != nullptr) {
      std::ofstream{path} << text;
      continue;
    }
    CHECK(contents_of(path) == text);
  }
}

}  // namespace outboxd
