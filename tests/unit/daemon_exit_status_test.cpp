// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.hpp"
#include "daemon/commands/exit_status.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace outboxd::daemon {
namespace {

constexpr const char* kOperatorsPage = OUTBOXD_SOURCE_DIR "/deploy/README.md";

std::string operators_page() {
  const std::ifstream file{kOperatorsPage};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string help_for(const std::string& path) {
  std::istringstream words{"outboxd help " + path};
  std::vector<std::string> all;
  for (std::string word; words >> word;) all.push_back(word);
  std::vector<const char*> arguments;
  for (const auto& word : all) arguments.push_back(word.c_str());
  const auto parsed = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  return std::get<ExitNow>(parsed).output;
}

/// The part of the help between exit statuses and examples, with single blanks.
std::string statuses_in(const std::string& help) {
  const auto begin = help.find("\nExit status:\n");
  if (begin == std::string::npos) return {};
  std::istringstream words{help.substr(begin, help.find("\nExamples:\n") - begin)};
  std::string text;
  for (std::string word; words >> word;) text += word + " ";
  return text;
}

}  // namespace

TEST_CASE("the operator's page has the table of exit statuses") {
  auto page = operators_page();
  const auto marker = page.find("<!-- exit statuses: ");
  REQUIRE(marker != std::string::npos);
  const auto begin = page.find('\n', marker) + 1;
  const auto end = page.find("<!-- end of exit statuses -->");
  REQUIRE(end != std::string::npos);
  const auto table = "\n" + exit_status_table() + "\n";
  if (std::getenv("OUTBOXD_WRITE_EXIT_STATUSES") != nullptr) {
    std::ofstream{kOperatorsPage} << page.replace(begin, end - begin, table);
    return;
  }
  CHECK(page.substr(begin, end - begin) == table);
}

TEST_CASE("the help of each command has its own exit statuses, and each of the table is of a command") {
  std::set<std::string> paths{""};
  const auto tree = declared_commands();
  for (const auto* command : reference::all_of(tree.program)) {
    CAPTURE(command->path);
    if (!command->commands.empty()) continue;
    paths.insert(command->path);
    CHECK_FALSE(command->statuses.empty());
    CHECK(command->about.find("Exit status") == std::string::npos);
    const auto help = statuses_in(help_for(command->path));
    std::string expected = "Exit status: ";
    for (const auto& [status, meaning] : command->statuses) expected += status + " " + meaning + " ";
    CHECK_MESSAGE(help.starts_with(expected + "Every command, too: 1 "), help);
  }
  for (const auto& [command, meanings] : exit_statuses()) CHECK_MESSAGE(paths.contains(command), command);
}

}  // namespace outboxd::daemon
