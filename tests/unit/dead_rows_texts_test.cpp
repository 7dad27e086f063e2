// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/id_spool.hpp"
#include "dead_rows/list.hpp"
#include "dead_rows/one_row.hpp"
#include "dead_rows/tally.hpp"
#include "telemetry/redaction.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

namespace outboxd::dead_rows {
namespace {

Groups some_groups() {
  return {.dispatcher = "outbox",
          .table = "\"t\"",
          .time_column = "created_at",
          .groups = {{.stream = "a\x1b",
                      .kind = "payload is # bytes, which is far more than the # bytes that are allowed for one",
                      .rows = 12'000,
                      .oldest = "2026-01-01T00:00:00Z",
                      .newest = "2026-01-02T00:00:00Z",
                      .example = "id\n1"},
                     {.stream = "größe", .rows = 3}},
          .all_rows = 12'010,
          .all_groups = 4};
}

TEST_CASE("the list of dead rows fits the terminal, and has no control characters") {
  const auto text = text_of(some_groups(), 100);
  CHECK(text ==
        "outbox: 12010 dead rows in \"t\"; OLDEST and NEWEST are of the column created_at\n"
        " ROWS  OLDEST                NEWEST                STREAM  ERROR\n"
        "12000  2026-01-01T00:00:00Z  2026-01-02T00:00:00Z  a\\x1b   payload is # bytes, which is far more ...\n"
        "       example: id\\n1\n"
        "    3  -                     -                     größe   (none)\n"
        "and 2 further kinds with fewer rows\n");
  CHECK(text_of(some_groups(), 0).find("that are allowed for one\n") != std::string::npos);
  std::istringstream narrow{text_of(some_groups(), 20)};
  std::string line;
  std::getline(narrow, line);
  while (std::getline(narrow, line)) CHECK_MESSAGE(line.size() <= 60 + 2, line);
  CHECK(text_of({.dispatcher = "outbox", .table = "\"t\""}, 80) == "outbox: 0 dead rows in \"t\"\n");
}

TEST_CASE("the list of dead rows as JSON") {
  CHECK(
      json_of(some_groups()) ==
      R"({"dispatcher":"outbox","table":"\"t\"","dead":12010,"kinds":4,"time_column":"created_at","groups":[)"
      R"({"stream":"a\u001b","error":"payload is # bytes, which is far more than the # bytes that are allowed for one",)"
      R"("rows":12000,"oldest":"2026-01-01T00:00:00Z","newest":"2026-01-02T00:00:00Z","example_id":"id\n1"},)"
      R"({"stream":"größe","error":null,"rows":3,"oldest":null,"newest":null,"example_id":null}]})"
      "\n");
}

TEST_CASE("what a change of dead rows reports") {
  Report report{.dispatcher = "outbox", .table = "\"t\"", .action = "discard", .how = "marked", .file = "rows.jsonl"};
  report.tally = {.matched = 10,
                  .done = 7,
                  .unchanged = 1,
                  .first_unchanged = "a\n",
                  .refused = 1,
                  .first_refused = "b",
                  .refusal = "P0001: no",
                  .stopped = "interrupted"};
  CHECK(text_of(report) ==
        "7 of 10 rows of \"t\" marked as discarded, and exported to rows.jsonl\n"
        "1 row not changed: locked by another transaction, changed meanwhile, or kept by a trigger or policy (a\\n); "
        "run "
        "the command again\n"
        "1 row not changed, as Postgres refuses the change (b: P0001: no)\n"
        "stopped after 7 rows: interrupted; all others are as they were\n");
  report.tally.in_doubt = true;
  CHECK(
      text_of(report).find("whether the last batch, of at most 500 rows, was changed as well is unknown (rows.jsonl "
                           "has its rows)") != std::string::npos);
  CHECK(json_of(report) ==
        R"({"dispatcher":"outbox","table":"\"t\"","action":"discard","dry_run":false,"matched":10,"changed":7,)"
        R"("unchanged":1,"refused":1,"nameless":0,"refusal":"P0001: no","stopped":"interrupted","in_doubt":true,)"
        R"("not_chosen":[],"how":"marked","file":"rows.jsonl"})"
        "\n");
}

TEST_CASE("a row that was named by its id and isn't dead: what it is instead, or that there is none") {
  Report report{.dispatcher = "outbox", .table = "\"t\"", .action = "requeue"};
  report.not_chosen = {{"a\n", "published"}, {"b", "discarded"}, {"c", "leased"}, {"d", "retrying"},
                       {"e", "waiting"},     {"f", "dead"},      {"g", ""}};
  const std::string lines =
      "row a\\n is not dead: it is published\n"
      "row b is not dead: it was discarded\n"
      "row c is not dead: it is leased by a dispatcher, which is publishing it\n"
      "row d is not dead: it has failed, and waits for its next attempt\n"
      "row e is not dead: it is pending, and was not tried yet\n"
      "row f is dead, but not chosen: another of the options excludes it, or its stream or producer is not the "
      "dispatcher's\n"
      "row g is not in \"t\": no row has this id, or it was removed\n";
  CHECK(text_of(report) == "0 of 0 rows of \"t\" requeued\n" + lines);
  CHECK(json_of(report).find(R"("not_chosen":[{"id":"a\n","state":"published"},)") != std::string::npos);
  CHECK(json_of(report).find(R"({"id":"g","state":null}])") != std::string::npos);
  report.dry_run = true;
  CHECK(text_of(report) == "0 rows of \"t\" would be requeued\n" + lines);
  report.not_chosen.resize(40, {"x", ""});
  CHECK(text_of(report).ends_with("\nand 20 further rows that are not dead\n"));
}

TEST_CASE("secrets are masked before texts are escaped") {
  telemetry::log::redact("dead-rows\\secret\"1");
  const std::string text = "said dead-rows\\secret\"1 aloud";
  CHECK(printable(text) == "said *** aloud");
  Report report{.dispatcher = "outbox", .table = "t", .action = "requeue", .tally = {.stopped = text}};
  CHECK(json_of(report).find("said *** aloud") != std::string::npos);
  CHECK(text_of(report).find("said *** aloud") != std::string::npos);
  CHECK(json_of(Groups{.groups = {{.stream = text}}}).find("said *** aloud") != std::string::npos);
}

TEST_CASE("one row: a json column with line ends stays on one line") {
  const OneRow row{"dead", {{"id", "\"a\"", "a"}, {"j", "{\n\"x\":\r1}", "{\n\"x\":\r1}"}, {"n", "null", {}}}, {"x"}};
  CHECK(json_of("d", "t", row) ==
        "{\"dispatcher\":\"d\",\"table\":\"t\",\"row\":{\"id\":\"a\",\"j\":{ \"x\": 1},\"n\":null}}\n");
  CHECK(text_of(row) == "id  a\nj   {\\n\"x\":\\r1}\nn   -\nx: this role may not read it\n");
}

TEST_CASE("ids that wait in a file come back in their order, in parts, as often as wanted") {
  IdSpool spool;
  const std::string odd{"line\nend \0 and NUL", 18};
  for (const auto& id : {std::string{"a"}, odd, std::string(5'000, 'x')}) spool.add(id);
  CHECK(spool.size() == 3);
  for (int turn = 0; turn < 2; ++turn) {
    spool.rewind();
    CHECK(spool.next(2) == std::vector<std::string>{"a", odd});
    CHECK(spool.next(2) == std::vector<std::string>{std::string(5'000, 'x')});
    CHECK(spool.next(2).empty());
  }
}

}  // namespace
}  // namespace outboxd::dead_rows
