// SPDX-License-Identifier: Apache-2.0
// Problems with several dispatchers in one file, and the places that their messages name.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace config = outboxd::config;
using outboxd::test::TempDir;

namespace {

struct Given {
  std::string file;
  config::Environment environment{};
  std::map<std::string, std::string> flags{};
  config::Needs needs{.postgres = false};
};

/// The problems, with "FILE" for the file's path.
std::string problems_of(const Given& given) {
  TempDir folder;
  config::Sources sources;
  sources.config_file = folder.write("t.toml", given.file).string();
  sources.environment = given.environment;
  sources.flags = given.flags;
  std::string all = config::render_problems(config::load(sources, given.needs).problems);
  for (auto at = all.find(*sources.config_file); at != std::string::npos; at = all.find(*sources.config_file)) {
    all.replace(at, sources.config_file->size(), "FILE");
  }
  return all;
}

constexpr const char* kTwo = "[[dispatcher]]\nname = \"a\"\n[[dispatcher]]\nname = \"b\"\n";

}  // namespace

TEST_CASE("a wrong entry of the file has a line, a column and a remedy") {
  struct Row {
    const char* file;
    const char* problems;
  };
  for (const Row& row : {
           Row{"dispatcher = []",
               "FILE:1:1: dispatcher: is an empty array: write a [[dispatcher]] for each dispatcher, or leave it "
               "out\n"},
           Row{"dispatcher = [{}, 5]",
               "FILE:1:19: dispatcher: must be a table, or an array of tables ([[dispatcher]]), has an integer in "
               "it\n"},
           Row{"[[dispatcher]]\n[[dispatcher]]\nbatch = 0",
               "FILE:3:9: dispatcher.batch = 0: must be between 1 and 10000\n"},
           Row{"[[dispatcher]]\nbacth = 1",
               "FILE:2:1: unknown key dispatcher.bacth; did you mean dispatcher.batch?\n"},
           Row{"[[dispatcher]]\nprofil = \"api\"",
               "FILE:2:1: unknown key dispatcher.profil; did you mean dispatcher.profile?\n"},
           Row{"[[dispatcher]]\npostgres.urll = \"x\"",
               "FILE:2:10: unknown key dispatcher.postgres.urll; did you mean dispatcher.postgres.url?\n"},
           Row{"[[dispatcher]]\n[dispatcher.redsi]\nport = 1",
               "FILE:2:13: unknown section dispatcher.redsi; did you mean dispatcher.redis?\n"},
           Row{"[[dispatcher]]\n[dispatcher.log]\nlevel = \"info\"", "FILE:2:13: unknown section dispatcher.log\n"},
           Row{"[[dispatcher]]\nmode = \"rc\"", "FILE:2:1: unknown key dispatcher.mode; did you mean mode?\n"},
           Row{"[[dispatcher]]\npostgres = 5", "FILE:2:1: dispatcher.postgres: must be a table, is an integer\n"},
           Row{"[[dispatcher]]\n\"postgres.url\" = \"x\"",
               "FILE:2:1: unknown key dispatcher.\"postgres.url\"; did you mean dispatcher.postgres.url?\n"},
           Row{"[dispatcher]\nprofile = \"api\"",
               "FILE:2:1: unknown key dispatcher.profile; did you mean profile?\n"},
           Row{"[[dispatcher]]\nname = \"x\"\n[[dispatcher]]\n[[dispatcher]]\nname = \"x\"",
               "FILE:5:8: dispatcher.name = \"x\": the dispatcher of line 2 has this name already: give each its "
               "own\n"},
           Row{"[[dispatcher]]\n[[dispatcher]]\nname = \"b\"\nlayout = \"custom\"",
               "FILE:4:10: dispatcher \"b\": dispatcher.table is not set: a custom layout has no table of its own, "
               "so name it\n"
               "FILE:4:10: dispatcher \"b\": dispatcher.columns is not set: a custom layout needs the columns of id, "
               "stream, payload, attempts, available_at, and of published_at or status\n"},
           Row{"[[dispatcher]]\n[[dispatcher]]\nprobe_min = \"5s\"",
               "FILE:3:13: dispatcher \"event_outbox-2\": dispatcher.probe_min = 5s: must not be above "
               "dispatcher.probe_max, which is 1s\n"},
       }) {
    CAPTURE(std::string(row.file));
    CHECK(problems_of({row.file}) == row.problems);
  }
}

TEST_CASE("settings of one of several dispatchers are refused in the environment and as flags") {
  const std::string end =
      ": is that of one dispatcher, and FILE has 2: set it in the [[dispatcher]] that it is meant for\n";
  const config::Environment columns = {{"OUTBOXD_COLUMNS", "id=a"}};
  CHECK(problems_of({kTwo, columns}) == "environment OUTBOXD_COLUMNS: dispatcher.columns" + end);
  for (const auto& [name, value] : std::map<std::string, std::string>{{"NAME", "x"},
                                                                      {"TABLE", "t"},
                                                                      {"LAYOUT", "caracal_outbox"},
                                                                      {"PRODUCER", "x"},
                                                                      {"STATES", "dead=x"},
                                                                      {"STREAMS", "s"},
                                                                      {"EXCLUDE_STREAMS", "s"}}) {
    CAPTURE(name);
    const std::string variable = "OUTBOXD_" + name;
    const auto text = problems_of({kTwo, {{variable, value}}});
    CHECK(text.find("environment " + variable + ": dispatcher.") == 0);
    CHECK(text.find(end) == text.size() - end.size());
  }
  CHECK(problems_of({kTwo, {{"OUTBOXD_PROFILE", "api"}}}) == "environment OUTBOXD_PROFILE: profile" + end);
  // Reported once, although the dispatchers of both profiles read it.
  const std::string both = std::string(kTwo) + "profile = \"coordinator\"";
  CHECK(problems_of({both, {}, {{"--table", "t"}}}) == "flag --table: dispatcher.table" + end);
  CHECK(problems_of({both, {{"OUTBOXD_TABLE", "t"}}}) == "environment OUTBOXD_TABLE: dispatcher.table" + end);
  CHECK(problems_of({both, {{"OUTBOXD_BATCH", "0"}}}) ==
        "environment OUTBOXD_BATCH: dispatcher.batch = 0: must be between 1 and 10000\n");
}

TEST_CASE("each dispatcher must have its required settings") {
  const std::string missing =
      "postgres.url is not set: give it in the environment as DATABASE_URL or DATABASE_URL_FILE, as "
      "--postgres-url-file, or in the file as postgres.url\n";
  CHECK(problems_of({std::string(kTwo) + "postgres.url = \"postgres://h/d\"", {}, {}, {}}) ==
        "FILE:1:1: dispatcher \"a\": " + missing);
  CHECK(problems_of({kTwo, {{"DATABASE_URL", "postgres://h/d"}}, {}, {}}).empty());
  CHECK(problems_of({kTwo, {}, {{"--probe-max", "50ms"}}}) ==
        "flag --probe-max: dispatcher \"a\": dispatcher.probe_min = 100ms: must not be above dispatcher.probe_max, "
        "which is 50ms\n"
        "flag --probe-max: dispatcher \"b\": dispatcher.probe_min = 100ms: must not be above dispatcher.probe_max, "
        "which is 50ms\n");
  const auto unsigned_problem = problems_of({kTwo, {{"CARACAL_MODE", "rc"}}});
  CHECK(unsigned_problem.find("environment CARACAL_MODE: mode is rc, which needs a signing key") == 0);
  CHECK(unsigned_problem.find('\n') == unsigned_problem.size() - 1);
}

TEST_CASE("a secret's file that can't be read is one problem, however many dispatchers share it") {
  CHECK(problems_of({kTwo, {{"REDIS_PASSWORD_FILE", "/nonexistent/pw"}}}) ==
        "environment REDIS_PASSWORD_FILE: redis.password_file: can't read /nonexistent/pw: No such file or "
        "directory\n");
}
