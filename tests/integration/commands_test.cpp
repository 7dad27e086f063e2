// SPDX-License-Identifier: Apache-2.0
// What is the same for every command.
#include "support/child.hpp"
#include "support/outbox_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;

namespace {

using Words = std::vector<std::string>;

/// The commands that read the configuration, with the arguments that they need.
std::vector<Words> commands_that_read_the_configuration() {
  const std::set<std::string> printed{"completion", "manual", "help", "version"};
  const std::map<std::string, Words> needed{{"enqueue", {"stream", "a=1"}},
                                            {"dead show", {"an-id"}},
                                            {"trace", {"an-id"}},
                                            {"replay", {"--id", "an-id", "--yes"}},
                                            {"dead requeue", {"--all", "--yes"}},
                                            {"dead discard", {"--all", "--yes", "--reason", "trial"}},
                                            {"streams check-signatures", {"stream"}}};
  std::vector<Words> commands;
  std::istringstream page{run_outboxd({"manual"}).out};
  for (std::string line; std::getline(page, line);) {
    constexpr std::string_view kHeading = ".SS \"outboxd ";
    if (!line.starts_with(kHeading)) continue;
    auto path = line.substr(kHeading.size(), line.size() - kHeading.size() - 1);
    std::erase(path, '\\');
    if (printed.contains(path)) continue;
    std::istringstream words{path};
    auto& command = commands.emplace_back();
    for (std::string word; words >> word;) command.push_back(word);
    if (const auto found = needed.find(path); found != needed.end()) {
      command.insert(command.end(), found->second.begin(), found->second.end());
    }
  }
  return commands;
}

}  // namespace

TEST_CASE("every command takes --config and --dispatcher, and prints errors on standard error alone") {
  const auto commands = commands_that_read_the_configuration();
  CHECK(commands.size() >= 16);
  for (auto command : commands) {
    CAPTURE(command.front() + " " + command.back());
    const auto add = [&command](const Words& more) {
      auto all = command;
      all.insert(all.end(), more.begin(), more.end());
      return all;
    };
    const auto no_file = run_outboxd(add({"--config", "/no/such/file.toml"}));
    CHECK(no_file.status == 2);
    // It shows what there is without the file, too.
    CHECK_MESSAGE((no_file.out.empty() || command.back() == "show"), no_file.out);
    CHECK_MESSAGE(contains(no_file.err, "/no/such/file.toml"), no_file.err);
    const auto no_dispatcher =
        run_outboxd(add({"--dispatcher", "missing"}), {{"DATABASE_URL", "postgresql:///none"}});
    CHECK(no_dispatcher.status == 2);
    CHECK_MESSAGE(no_dispatcher.out.empty(), no_dispatcher.out);
    // These two are about the whole configuration, and say so.
    CHECK_MESSAGE(contains(no_dispatcher.err, command.front() == "config" ? "--dispatcher" : "missing"),
                  no_dispatcher.err);
  }
}

TEST_CASE("prune and migrate print JSON") {
  const auto database = contract_database();
  const auto environment = outboxd_environment(database);
  const auto pruned = run_outboxd({"prune", "--older-than", "7d", "--json"}, environment);
  CHECK(pruned.status == 0);
  CHECK(pruned.out ==
        "{\"dispatcher\":\"outbox\",\"table\":\"event_outbox\",\"dry_run\":false,\"older_than_seconds\":604800,"
        "\"rows\":0,\"kept\":0,\"refused\":0,\"complete\":true,\"problem\":null}\n");
  const auto empty = outboxd::test::shared_postgres().create_database();
  const auto migrated = run_outboxd({"migrate", "--json"}, outboxd_environment(empty));
  CHECK(migrated.status == 0);
  CHECK(contains(migrated.out, R"({"dispatcher":"outbox","migration":"0001_event_outbox","outcome":"applied"})"
                               "\n"));
  CHECK(contains(run_outboxd({"migrate", "--json"}, outboxd_environment(empty)).out,
                 R"("migration":"0002_caracal_outbox","outcome":"already_there"})"));
}
