// SPDX-License-Identifier: Apache-2.0
// The table that a dispatcher works on: its name, its layout, and the columns and states of a custom one.
#include "config/checks.hpp"
#include "config/loader.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace config = outboxd::config;
using outboxd::test::TempDir;

namespace {

config::Loaded load(const std::string& file) {
  TempDir folder;
  config::Sources sources;
  sources.config_file = folder.write("t.toml", file).string();
  return config::load(sources, {.postgres = false});
}

/// The texts of the problems, one a line, without their places.
std::string problems_of(const std::string& file) {
  std::string text;
  for (const auto& problem : load(file).problems) text += problem.text + "\n";
  return text;
}

std::string custom(const std::string& columns, const std::string& more = "") {
  return "[dispatcher]\nlayout = \"custom\"\ntable = \"app.outgoing\"\ncolumns = {" + columns + "}\n" + more;
}

constexpr const char* kNeeded = R"(id = "a", stream = "b", payload = "c", attempts = "d", available_at = "e")";
constexpr const char* kStates = R"(states = {pending = "new", published = "sent", dead = "failed"})";

std::string with_needed(const std::string& columns) {
  return custom(std::string(kNeeded) + ", " + columns);
}

}  // namespace

TEST_CASE("a table name is taken apart by the rules of SQL's quotes") {
  using Parts = std::vector<std::string>;
  CHECK((config::table_name_parts("t") == Parts{"t"}));
  CHECK((config::table_name_parts("s.t_1$") == Parts{"s", "t_1$"}));
  CHECK((config::table_name_parts(R"("My.Schema"."odd ""name""")") == Parts{"My.Schema", "odd \"name\""}));
  CHECK((config::table_name_parts(R"(s."ä")") == Parts{"s", "ä"}));
  for (const std::string name : {"", ".", "a.", ".a", "a.b.c", "1a", "$a", "a b", "a\"b\"", R"(")", R"("")", R"("a)",
                                 R"("a"b)", R"("a".)", R"("a"."b"."c")", R"("a"")"}) {
    CAPTURE(name);
    CHECK_FALSE(config::table_name_parts(name).has_value());
    CHECK_FALSE(config::check_table_name(name).empty());
  }
  CHECK(config::table_name_parts(std::string(63, 'a')).has_value());
  CHECK_FALSE(config::table_name_parts(std::string(64, 'a')).has_value());
  CHECK_FALSE(config::table_name_parts('"' + std::string(64, 'a') + '"').has_value());
  CHECK_FALSE(config::table_name_parts(std::string("\"a\0\"", 4)).has_value());
  CHECK(load("dispatcher.table = '\"My.Schema\".\"t\"'").settings.dispatcher.table == R"("My.Schema"."t")");
}

TEST_CASE("the table and the producer follow from the layout, unless they are given") {
  const auto dispatcher = [](const std::string& file) {
    const auto loaded = load(file);
    CHECK(config::render_problems(loaded.problems).empty());
    return loaded.settings.dispatcher;
  };
  CHECK(dispatcher("").table == "event_outbox");
  CHECK(dispatcher("").producer.empty());
  const auto caracal = dispatcher("dispatcher.layout = \"caracal_outbox\"");
  CHECK(caracal.table == "caracal_outbox");
  CHECK(caracal.producer == "coordinator");
  const auto other = dispatcher("[dispatcher]\nlayout = \"caracal_outbox\"\ntable = \"s.t\"\nproducer = \"api\"");
  CHECK(other.table == "s.t");
  CHECK(other.producer == "api");
  CHECK(dispatcher("[dispatcher]\nlayout = \"caracal_outbox\"\nproducer = \"\"").producer.empty());
  CHECK(problems_of("dispatcher.producer = \"api\"") ==
        "dispatcher.producer = \"api\": layout event_outbox has no column of producers: leave this out, or set "
        "dispatcher.layout = \"caracal_outbox\"\n");
}

TEST_CASE("a custom layout is described by its columns and states") {
  const auto loaded = load(custom(std::string(kNeeded) + R"(, status = "state", producer = "who", dedupe_key = "k")",
                                  std::string(kStates) + "\nproducer = \"billing\""));
  CHECK(config::render_problems(loaded.problems).empty());
  const auto& dispatcher = loaded.settings.dispatcher;
  CHECK(dispatcher.layout == "custom");
  CHECK(dispatcher.table == "app.outgoing");
  CHECK(dispatcher.producer == "billing");
  CHECK((dispatcher.columns == config::Names{{"id", "a"},
                                             {"stream", "b"},
                                             {"payload", "c"},
                                             {"attempts", "d"},
                                             {"available_at", "e"},
                                             {"status", "state"},
                                             {"producer", "who"},
                                             {"dedupe_key", "k"}}));
  CHECK((dispatcher.states == config::Names{{"pending", "new"}, {"published", "sent"}, {"dead", "failed"}}));

  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  sources.environment = {{"OUTBOXD_STATES", "pending=new, published=sent,dead=failed"}, {"OUTBOXD_TABLE", "app.t"}};
  sources.flags = {{"--layout", "custom"},
                   {"--columns", "id=a,stream=b,payload=c,attempts=d,available_at=e,status=x=y"}};
  const auto from_text = config::load(sources, {.postgres = false});
  CHECK(config::render_problems(from_text.problems).empty());
  CHECK(from_text.settings.dispatcher.columns.at("status") == "x=y");
  CHECK((from_text.settings.dispatcher.states == dispatcher.states));
}

TEST_CASE("without columns for a lease, or with both, and published_at or status, a layout is whole") {
  for (const char* columns :
       {R"(published_at = "f")", R"(published_at = "f", locked_until = "g", locked_by = "h")"}) {
    CHECK(problems_of(with_needed(columns)).empty());
  }
}

TEST_CASE("a layout that can't work is refused, naming the column") {
  struct Row {
    std::string file;
    const char* problems;
  };
  for (const Row& row : {
           Row{"[dispatcher]\nlayout = \"custom\"\ntable = \"t\"",
               "dispatcher.columns is not set: a custom layout needs the columns of id, stream, payload, attempts, "
               "available_at, and of published_at or status\n"},
           Row{custom(R"(id = "a", payload = "c", attempts = "d", available_at = "e", published_at = "f")"),
               "dispatcher.columns: has no column of stream, which every layout needs: add stream = \"<column>\"\n"},
           Row{custom(kNeeded),
               "dispatcher.columns: has no column of published_at or status, so a published row could "
               "not be distinguished from others: add published_at = \"<column>\"\n"},
           Row{with_needed(R"(published_at = "f", locked_until = "g")"),
               "dispatcher.columns: has no column of locked_by, but one of locked_until: a lease needs both, or "
               "neither (then available_at is moved instead): add locked_by = \"<column>\"\n"},
           Row{with_needed(R"(published_at = "f", locked_by = "g")"),
               "dispatcher.columns: has no column of locked_until, but one of locked_by: a lease needs both, or "
               "neither (then available_at is moved instead): add locked_until = \"<column>\"\n"},
           Row{with_needed(R"(published_at = "e")"),
               "dispatcher.columns: available_at and published_at are both \"e\": a column has one role, so name "
               "another for one of them\n"},
           Row{with_needed(R"(published_at = "")"), "dispatcher.columns: the column of published_at has no name\n"},
           Row{with_needed(R"(published_att = "f")"),
               "dispatcher.columns: unknown role \"published_att\"; did you mean published_at?\n"},
           Row{with_needed(R"(published_at = 5)"),
               "dispatcher.columns: the name for published_at must be a string, is an integer\n"},
           Row{with_needed(R"(published_at = "f")") + "producer = \"x\"",
               "dispatcher.producer = \"x\": layout custom has no column of producers: leave this out, or name its "
               "column in dispatcher.columns: producer = \"<column>\"\n"},
           Row{with_needed(R"(published_at = "f")") + kStates,
               "dispatcher.states: there is no column of status to hold them: leave this out, or add status = "
               "\"<column>\" to dispatcher.columns\n"},
           Row{with_needed(R"(status = "f")") + R"(states = {pending = "new", dead = "gone"})",
               "dispatcher.states: has no word for published, and column \"f\" needs one for each state: add "
               "published = \"<word>\"\n"},
           Row{with_needed(R"(status = "f")") + R"(states = {pending = "a", dead = "b", published = "b"})",
               "dispatcher.states: dead and published are both \"b\": each state needs a word of its own\n"},
           Row{with_needed(R"(status = "f")") + R"(states = {pending = "a", dead = "b", sent = "c"})",
               "dispatcher.states: unknown role \"sent\": the roles are pending, published, dead\n"},
           Row{std::string("[dispatcher]\ncolumns = {") + kNeeded + "}\n" + kStates,
               "dispatcher.columns: layout event_outbox has names of its own: leave this out, or set "
               "dispatcher.layout = \"custom\"\n"
               "dispatcher.states: layout event_outbox has names of its own: leave this out, or set "
               "dispatcher.layout = \"custom\"\n"},
           Row{std::string("[dispatcher]\nlayout = \"custom\"\ncolumns = {published_at = \"f\", ") + kNeeded + "}",
               "dispatcher.table is not set: a custom layout has no table of its own, so name it\n"},
       }) {
    CAPTURE(row.file);
    CHECK(problems_of(row.file) == row.problems);
  }
  const auto without_states = problems_of(with_needed(R"(status = "f")"));
  for (const char* state : {"pending", "published", "dead"}) {
    CHECK(without_states.find(std::string("has no word for ") + state) != std::string::npos);
  }
}

TEST_CASE("the poolers, the excluded streams, and modes that are almost others") {
  CHECK((load("").settings.postgres.pooler == config::Pooler::automatic));
  CHECK((load("postgres.pooler = \"transaction\"").settings.postgres.pooler == config::Pooler::transaction));
  CHECK((load("postgres.pooler = \"none\"").settings.postgres.pooler == config::Pooler::none));
  CHECK(problems_of("postgres.pooler = \"session\"") ==
        "postgres.pooler = \"session\": must be one of auto, transaction, none\n");

  const std::vector<std::string> excluded = {"a", "b"};
  CHECK((load("dispatcher.exclude_streams = [\"a\", \"b\"]").settings.dispatcher.exclude_streams == excluded));
  CHECK(problems_of("[dispatcher]\nexclude_streams = [\"a\", \"b\"]\nstreams = [\"b\", \"c\"]") ==
        "dispatcher.exclude_streams: has \"b\", and so has dispatcher.streams: take it out of one of them\n");

  CHECK(problems_of("mode = \"Stabel\"") ==
        "mode = \"Stabel\": must be one of dev, rc, stable; did you mean stable?\n");
}
