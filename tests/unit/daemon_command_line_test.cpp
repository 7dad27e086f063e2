// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.hpp"
#include "daemon/commands/exit_status.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace outboxd::daemon {
namespace {

std::variant<CommandLine, ExitNow> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "outboxd");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

CommandLine line_of(const std::vector<const char*>& words) {
  auto parsed = parse(words);
  if (const auto* exit = std::get_if<ExitNow>(&parsed)) FAIL(exit->error);
  return std::get<CommandLine>(parsed);
}

/// The command that these words name, with its own options.
template <class Named>
Named command_of(const std::vector<const char*>& words) {
  const auto line = line_of(words);
  REQUIRE(std::holds_alternative<Named>(line.command));
  return std::get<Named>(line.command);
}

template <class Named>
bool names(const std::vector<const char*>& words) {
  return std::holds_alternative<Named>(line_of(words).command);
}

std::string error_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  REQUIRE(std::holds_alternative<ExitNow>(parsed));
  CHECK(std::get<ExitNow>(parsed).status == kCouldNotWork);
  return std::get<ExitNow>(parsed).error;
}

std::string output_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  REQUIRE(std::holds_alternative<ExitNow>(parsed));
  CHECK(std::get<ExitNow>(parsed).status == kDone);
  return std::get<ExitNow>(parsed).output;
}

using Words = std::vector<std::string>;

/// The words of each indented line after this title, up to a blank line.
std::vector<Words> lines_under(const std::string& title, const std::string& help) {
  std::vector<Words> all;
  const auto at = help.find("\n" + title + ":\n");
  if (at == std::string::npos) return all;
  std::istringstream lines{help.substr(at + title.size() + 3)};
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    std::istringstream words{line};
    all.emplace_back(std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{});
  }
  return all;
}

std::string help_of(const Words& command) {
  std::vector<const char*> words;
  for (const auto& word : command) words.push_back(word.c_str());
  words.push_back("--help");
  auto help = output_of(words);
  // The number of line ends at the end depends on the version of CLI11.
  return help.substr(0, help.find_last_not_of('\n') + 1);
}

/// The command's words, and those of each command below it.
std::vector<Words> commands_from(const Words& command) {
  std::vector<Words> all{command};
  // `run` has the program's help.
  if (command == Words{"run"}) return all;
  for (const auto& line : lines_under("Subcommands", help_of(command))) {
    auto next = command;
    next.push_back(line.front());
    for (auto& below : commands_from(next)) all.push_back(std::move(below));
  }
  return all;
}

/// The arguments that the shell passes to the program of an example, without redirections and further programs.
std::vector<const char*> arguments_of(const Words& example) {
  std::vector<const char*> words;
  for (const auto& word : example) {
    if (word == "#" || word == "<" || word == ">" || word == "|") break;
    words.push_back(word.c_str());
  }
  return words;
}

bool parses(const std::vector<const char*>& arguments) {
  const auto parsed = parse(arguments);
  const auto* exit = std::get_if<ExitNow>(&parsed);
  return exit == nullptr || exit->status == kDone;
}

}  // namespace

TEST_CASE("the help of each command ends with examples of it that parse") {
  const auto commands = commands_from({});
  CHECK(commands.size() >= 10);
  for (const auto& command : commands) {
    const auto help = help_of(command);
    CAPTURE(help);
    const auto examples = lines_under("Examples", help);
    CHECK_FALSE(examples.empty());
    CHECK(help.find("\nExamples:") == help.rfind("\n\n") + 1);
    for (const auto& example : examples) {
      auto arguments = arguments_of(example);
      CHECK(std::string{arguments.front()} == "outboxd");
      arguments.erase(arguments.begin());
      CHECK(parses(arguments));
      if (command == Words{"run"}) continue;
      REQUIRE(arguments.size() >= command.size());
      CHECK(std::equal(command.begin(), command.end(), arguments.begin()));
    }
  }
}

TEST_CASE("run is the default command, and accepts settings before and after its name") {
  CHECK(names<RunCommand>({}));
  CHECK(names<RunCommand>({"run"}));
  CHECK(line_of({"--batch", "7"}).shared.flags.at("--batch") == "7");
  CHECK(line_of({"run", "--batch=7"}).shared.flags.at("--batch") == "7");
  CHECK(line_of({"--batch", "7", "run"}).shared.flags.at("--batch") == "7");
  CHECK(line_of({"run"}).shared.flags.empty());
  CHECK(line_of({"run", "--config", "f.toml"}).shared.config_file == "f.toml");
}

TEST_CASE("--once is accepted with and without run") {
  for (const auto& words : {std::vector{"--once"}, {"run", "--once"}, {"--once", "run"}})
    CHECK(command_of<RunCommand>(words).once);
  CHECK_FALSE(command_of<RunCommand>({}).once);
  CHECK(command_of<RunCommand>({"--once", "--timeout", "60s"}).once_timeout == std::chrono::minutes{1});
  CHECK(error_of({"--timeout", "60s"}).find("--timeout goes with --once") != std::string::npos);
  CHECK(error_of({"--once", "--timeout", "60"}).find("60s") != std::string::npos);
  CHECK(error_of({"migrate", "--once"}).find("run") != std::string::npos);
}

TEST_CASE("--dispatcher takes one name each time") {
  using Names = std::vector<std::string>;
  CHECK(line_of({}).shared.dispatchers.empty());
  CHECK(line_of({"--dispatcher", "api", "--dispatcher", "other"}).shared.dispatchers == Names{"api", "other"});
  CHECK(names<RunCommand>({"--dispatcher", "api", "run", "--once"}));
  CHECK(line_of({"migrate", "--dispatcher=api"}).shared.dispatchers == Names{"api"});
  const std::vector enqueue{"enqueue", "--dispatcher", "api", "s", "a=1"};
  CHECK(line_of(enqueue).shared.dispatchers == Names{"api"});
  CHECK(command_of<EnqueueCommand>(enqueue).stream == "s");
  CHECK(error_of({"enqueue", "s", "--dispatcher", "a", "--dispatcher", "b"}).find("once") != std::string::npos);
  CHECK(error_of({"config", "show", "--dispatcher", "a"}).find("--dispatcher") != std::string::npos);
}

TEST_CASE("migrate: optional migrations are chosen by name, and a migration to revert by its number") {
  CHECK(command_of<MigrateCommand>({"migrate"}).optional_migrations.empty());
  const std::vector<std::string> both{"wake-ups", "tune"};
  CHECK(command_of<MigrateCommand>({"migrate", "--wake-ups", "--tune"}).optional_migrations == both);
  CHECK(command_of<MigrateCommand>({"migrate", "--revert", "3", "--dry-run"}).revert == 3);
  for (const auto* number : {"0", "-1", "6", "99999999999", "one"}) {
    CHECK(
        error_of({"migrate", "--revert", number})
            .find(
                "--revert needs the number of a migration, from 1 to 5: 1 event_outbox, 2 caracal_outbox, 3 wake") !=
        std::string::npos);
  }
  CHECK(command_of<MigrateCommand>({"migrate", "--revert", "1", "--yes"}).yes);
  CHECK(error_of({"migrate", "--yes"}).find("--yes goes with --revert") != std::string::npos);
  CHECK(error_of({"migrate", "--revert", "3", "--tune"}).find("--revert does not go with --tune") !=
        std::string::npos);
}

TEST_CASE("each subcommand is known") {
  CHECK(names<ConfigShowCommand>({"config", "show"}));
  CHECK(command_of<ConfigShowCommand>({"config", "show", "--json"}).json);
  CHECK(names<ConfigCheckCommand>({"config", "check"}));
  CHECK(command_of<ConfigCheckCommand>({"config", "check", "f.toml"}).file == "f.toml");
  CHECK(command_of<MigrateCommand>({"migrate", "--dry-run"}).dry_run);
  CHECK(command_of<MigrateCommand>({"migrate", "--revert", "2"}).revert == 2);
  CHECK(command_of<StreamsProvisionCommand>({"streams", "provision", "--dry-run"}).dry_run);
  CHECK(command_of<StreamsVerifyCommand>({"streams", "verify", "--with-optional"}).with_optional);
  const auto status = command_of<StreamsStatusCommand>({"streams", "status", "a", "--watch", "--every", "5", "b"});
  CHECK(status.watch);
  CHECK(status.seconds == 5);
  CHECK(status.streams == std::vector<std::string>{"a", "b"});
  const auto enqueue = command_of<EnqueueCommand>({"enqueue", "s", "a=1", "b:=[2]"});
  CHECK(enqueue.stream == "s");
  CHECK(enqueue.assignments == std::vector<std::string>{"a=1", "b:=[2]"});
}

TEST_CASE("help and version exit with 0") {
  const auto help = std::get<ExitNow>(parse({"--help"}));
  CHECK(help.status == kDone);
  for (const auto* word : {"--once", "--batch", "--poll-interval", "enqueue", "migrate", "Exit status"}) {
    CAPTURE(word);
    CHECK(help.output.find(word) != std::string::npos);
  }
  CHECK(std::get<ExitNow>(parse({"--version"})).output.starts_with("outboxd "));
}

TEST_CASE("a flag that would hold a secret is refused without repeating it") {
  for (const auto& words : {std::vector{"--redis-password", "hunter2"},
                            {"--redis-password=hunter2"},
                            {"run", "--signing-key", "hunter2"},
                            {"--postgres-url=hunter2"}}) {
    const auto error = error_of(words);
    CAPTURE(error);
    CHECK(error.find("hunter2") == std::string::npos);
    CHECK(error.find("-file PATH") != std::string::npos);
  }
}

TEST_CASE("the error for a mistyped word names it, and the nearest accepted one") {
  struct Mistyped {
    std::vector<const char*> words;
    std::string said;
  };
  for (const auto& [words, said] : std::vector<Mistyped>{
           {{"--bacth", "3"}, "unknown flag --bacth; did you mean --batch?\n"},
           {{"--batch-size=3"}, "unknown flag --batch-size; did you mean --batch?\n"},
           {{"--onec"}, "unknown flag --onec; did you mean --once?\n"},
           {{"-once"}, "unknown flag -once; did you mean --once?\n"},
           {{"migrate", "--dry-rnu"}, "unknown flag --dry-rnu; did you mean --dry-run?\n"},
           {{"--loud"}, "unknown flag --loud\n"},
           {{"-x"}, "unknown flag -x\n"},
           {{"stauts"}, "unknown command \"stauts\" after `outboxd`; did you mean status?\n"},
           {{"stauts", "--help"}, "unknown command \"stauts\" after `outboxd`; did you mean status?\n"},
           {{"show"}, "unknown command \"show\" after `outboxd`; did you mean config show?\n"},
           {{"conf", "show"}, "unknown command \"conf\" after `outboxd`; did you mean config?\n"},
           {{"--", "stauts"}, "unknown command \"stauts\" after `outboxd`; did you mean status?\n"},
           {{"nonsense"}, "unknown command \"nonsense\" after `outboxd`\n"},
           {{"config", "shwo"}, "unknown command \"shwo\" after `outboxd config`; did you mean show?\n"},
           {{"config", "xyz"}, "unknown command \"xyz\" after `outboxd config`\n"},
           {{"config"}, "config needs a command: show or check\n"},
           {{"status", "now"}, "unexpected argument \"now\" after `outboxd status`\n"},
           {{"help", "stauts"}, "unknown command \"stauts\" after `outboxd`; did you mean status?\n"},
           {{"--with-optional"},
            "--with-optional goes with `outboxd streams provision` or `outboxd streams verify` alone\n"},
           {{"status", "--revert", "1"}, "--revert goes with `outboxd migrate` alone\n"},
       }) {
    const auto error = error_of(words);
    CHECK(error == said + "see outboxd --help\n");
  }
}

TEST_CASE("a word or a flag that may be a secret is not repeated") {
  for (const auto& words : {std::vector{"postgresql://u:hunter2@db/x"},
                            {"-phunter2"},
                            {"--no-such-flag", "hunter2"},
                            {"--no-such-flag=hunter2"},
                            {"hunter2hunter2hunter2hunter2hunter2"}}) {
    const auto error = error_of(words);
    CAPTURE(error);
    CHECK(error.find("hunter2") == std::string::npos);
    CHECK(error.find("unknown") != std::string::npos);
  }
}

TEST_CASE("help and version are commands, too") {
  CHECK(output_of({"help"}) == output_of({"--help"}));
  CHECK(output_of({"help", "run"}) == output_of({"--help"}));
  CHECK(output_of({"run", "--help"}) == output_of({"--help"}));
  CHECK(output_of({"run", "--version"}) == output_of({"--version"}));
  CHECK(output_of({"help", "status"}) == output_of({"status", "--help"}));
  CHECK(output_of({"help", "config", "show"}) == output_of({"config", "show", "--help"}));
  CHECK(output_of({"help", "status"}).find("--watch") != std::string::npos);
  CHECK(output_of({"help", "status"}).find("Exit status") != std::string::npos);
  CHECK(output_of({"completion", "bash"}).find("complete -F _outboxd outboxd") != std::string::npos);
  CHECK(output_of({"manual"}).find(".TH OUTBOXD 1 ") != std::string::npos);
  CHECK(
      error_of({"completion", "tcsh"}).starts_with("there are completions for bash, zsh and fish, not for \"tcsh\""));
  for (const auto* word : {"version", "-V"}) CHECK(output_of({word}) == output_of({"--version"}));
}

}  // namespace outboxd::daemon
