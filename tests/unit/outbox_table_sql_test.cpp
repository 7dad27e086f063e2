// SPDX-License-Identifier: Apache-2.0
// The SQL that runs for each of the contract's tables, in files that can be read, and run by psql: it prints the plan
// of each statement. OUTBOXD_WRITE_SQL=1 writes them anew.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "outbox_table/catalog_facts.hpp"
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

/// A migrated table of the contract, which needs no other settings than these.
struct Case {
  std::string layout;
  std::string profile;
  /// dispatcher.streams.
  std::vector<std::string> streams{};
  /// Has the index that `outboxd migrate --stream-index` makes.
  bool has_stream_index = false;
};

/// The only difference between most statements of a daemon with named streams and of one that takes all.
constexpr std::string_view kOfTheseStreams =
    " AND CASE WHEN @stream::text IN ('caracal.keys.invalidate', 'caracal.policy.invalidate')"
    " THEN true ELSE false END";
const std::vector<std::string> kStreams{"caracal.keys.invalidate", "caracal.policy.invalidate"};

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

std::vector<test::LayoutStatement> statements_for(const Case& table) {
  auto options = options_for(table);
  options.terms.streams = table.streams;
  auto report = test::report_on_migrated(options.table);
  report.has_stream_index = table.has_stream_index;
  const auto terms = outbox_table::with_facts(options.terms, report);
  auto statements = test::statements_of(outbox_table::make_layout(options.shape, terms));
  // Of an operator's examination.
  statements.push_back({"lease_holders", outbox_table::lease_holders_sql(options.shape, terms), {}});
  statements.push_back({"latest_streams", outbox_table::streams_sql(options.shape, terms), {}});
  return statements;
}

std::string with_names(std::string text, const Case& table) {
  const std::string stream = table.layout == "event_outbox" ? "\"stream_name\"" : "\"topic\"";
  text = std::regex_replace(text, std::regex{"@layout"}, table.layout);
  text = std::regex_replace(text, std::regex{"@profile"}, table.profile);
  return std::regex_replace(text, std::regex{"@stream"}, stream);
}

std::string as_lines(const test::LayoutStatement& statement) {
  const auto& [name, sql, example] = statement;
  return "\n-- " + name + "\nPREPARE " + name + " AS\n" + trimmed(sql) + ";\n\nEXPLAIN EXECUTE " + name +
         (example.empty() ? "" : " (" + with_commas(example) + ")") + ";\n";
}

constexpr const char* kWrittenBy =
    "-- Written by: OUTBOXD_WRITE_SQL=1 build/dev/tests/unit_tests --source-file='*/outbox_table_sql_test.cpp'\n"
    "SET search_path = pg_catalog, pg_temp;\n";

std::string file_for(const Case& table) {
  std::string text =
      "-- SPDX-License-Identifier: Apache-2.0\n"
      "-- Every statement that drives the table of layout @layout, as it runs by the settings of profile @profile.\n"
      "-- What each is for stands in lib/outbox_table/layout.hpp. In a database in which `outboxd migrate` has run,\n"
      "-- `psql -f @layout.sql` shows the plans.\n";
  text = with_names(text, table) + kWrittenBy;
  for (const auto& statement : statements_for(table)) {
    if (!statement.sql.empty()) text += as_lines(statement);
  }
  return text;
}

std::string without(std::string sql, const std::string& part) {
  for (auto at = sql.find(part); at != std::string::npos; at = sql.find(part, at)) sql.erase(at, part.size());
  return sql;
}

/// The statements of a daemon with named streams that differ in more than the condition.
std::vector<test::LayoutStatement> statements_by_stream(const Case& of_streams, const Case& of_all) {
  const auto all = statements_for(of_all);
  const auto condition = with_names(std::string{kOfTheseStreams}, of_all);
  std::vector<test::LayoutStatement> others;
  std::size_t at = 0;
  for (const auto& statement : statements_for(of_streams)) {
    if (without(statement.sql, condition) != all[at++].sql) others.push_back(statement);
  }
  return others;
}

/// The claim with its low-water mark, and the searches that belong to it.
std::string file_of_streams(const Case& table, const std::vector<test::LayoutStatement>& statements) {
  std::string text =
      "-- SPDX-License-Identifier: Apache-2.0\n"
      "-- How a daemon finds rows from the low-water mark on whose dispatcher.streams are these two, in the table "
      "of\n"
      "-- layout @layout @which.\n"
      "-- Every other statement is that of @layout.sql with this condition where it looks for rows:\n"
      "--" +
      std::string{kOfTheseStreams} + "\n";
  const std::string which =
      table.has_stream_index ? "with the index of `outboxd migrate --stream-index`" : "without an index by stream";
  text = with_names(std::regex_replace(text, std::regex{"@which"}, which), table) + kWrittenBy;
  for (const auto& statement : statements) text += as_lines(statement);
  return text;
}

std::string contents_of(const std::string& path) {
  const std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void check_file(const std::string& name, const std::string& text) {
  CAPTURE(name);
  if (std::getenv("OUTBOXD_WRITE_SQL") != nullptr) {
    std::ofstream{kFolder + name} << text;
  } else {
    CHECK(contents_of(kFolder + name) == text);
  }
}

}  // namespace

TEST_CASE("the SQL files contain the statements that run") {
  for (const auto& table : {Case{"event_outbox", "api"}, Case{"caracal_outbox", "coordinator"}}) {
    check_file(table.layout + ".sql", file_for(table));
  }
}

TEST_CASE("the files of SQL show how a daemon with named streams finds its rows, with and without their index") {
  const Case all{"event_outbox", "api"};
  Case named{"event_outbox", "api", kStreams};
  // Without the index the condition is all.
  CHECK(statements_by_stream(named, all).empty());
  auto plain = statements_for(named);
  std::erase_if(plain, [](const auto& one) { return one.name != "claim" && one.name != "overlooked"; });
  check_file("event_outbox.streams.sql", file_of_streams(named, plain));

  named.has_stream_index = true;
  const auto by_stream = statements_by_stream(named, all);
  std::string names;
  for (const auto& statement : by_stream) names += statement.name + " ";
  CHECK(names == "claim claim_others overlooked ");
  check_file("event_outbox.streams_indexed.sql", file_of_streams(named, by_stream));
}

TEST_CASE("the files of SQL: by named streams of a table without leases only the condition is added") {
  const Case all{"caracal_outbox", "coordinator"};
  CHECK(statements_by_stream({"caracal_outbox", "coordinator", kStreams}, all).empty());
}

}  // namespace outboxd
