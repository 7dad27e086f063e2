// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.hpp"
#include "daemon/reference/completions.hpp"
#include "daemon/reference/manual.hpp"
#include "daemon/reference/quoting.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::daemon::reference {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Texts that mean something to a shell or to roff.
const std::string kHostile = R"(it's "a" [b]: --c \d `e` $(f) .g)";

Tree hostile_tree() {
  Tree tree;
  tree.program = {.takes_shared = true};
  tree.program.commands.push_back({.path = "go",
                                   .name = "go",
                                   .summary = kHostile,
                                   .about = ".TH is no request\n'nor this",
                                   .options = {{.names = {"--way"}, .value = "$(x)|it's", .help = kHostile}},
                                   .examples = {".\\\" outboxd go"},
                                   .takes_shared = true});
  return tree;
}

}  // namespace

TEST_CASE("words are quoted for each shell") {
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted(kHostile) == R"('it'\''s "a" [b]: --c \d `e` $(f) .g')");
  CHECK(shell_quoted("a\nb") == "'a b'");
  CHECK(fish_quoted(kHostile) == R"('it\'s "a" [b]: --c \\d `e` $(f) .g')");
  CHECK(zsh_described("a:b\\c", kHostile) == R"(a\:b\\c:)" + kHostile);
}

TEST_CASE("nothing in a text is a request or an escape of roff") {
  CHECK(roff_text(kHostile) == R"(it\(aqs \(dqa\(dq [b]: \-\-c \(rsd \(gae\(ga $(f) .g)");
  CHECK(roff_text(".SH x\n'y\n.z") == "\\&.SH x\n\\(aqy\n\\&.z");
  CHECK(roff_text("a\n\n\nb") == "a\nb");
  CHECK(roff_text("\n  a\n b") == "\\&  a\n\\& b");
  CHECK(roff_text("ä^~\tb\xff") == "\\[u00E4]\\(ha\\(ti b?");
  CHECK(roff_argument("a \"b\" -c\nd") == R"("a \(dqb\(dq \-c d")");
  CHECK(roff_prose("see `outboxd config`, not `x`") == R"(see \fBoutboxd config\fR, not \fBx\fR)");
  CHECK(roff_prose("one ` alone") == "one \\(ga alone");
}

TEST_CASE("hostile descriptions and values are quoted in what is made of them") {
  const auto tree = hostile_tree();
  CHECK(has(bash_completion(tree), R"(choices=('$(x)' 'it'\''s'))"));
  CHECK(has(zsh_completion(tree), shell_quoted("--way:" + kHostile)));
  CHECK(has(zsh_completion(tree), shell_quoted("go:" + kHostile)));
  const auto fish = fish_completion(tree);
  CHECK(has(fish, R"(-a '\'$(x)\' \'it\\\'s\'' -d )" + fish_quoted(kHostile)));
  const auto page = manual_page(tree, {{"A_B", kHostile}});
  CHECK(has(page, "\n\\&.TH is no request\n\\(aqnor this\n"));
  CHECK(has(page, "\n\\&.\\(rs\\(dq outboxd go\n"));
}

TEST_CASE("every command and option is in each completion and in the manual page") {
  const auto tree = declared_commands();
  const auto bash = bash_completion(tree);
  const auto zsh = zsh_completion(tree);
  const auto fish = fish_completion(tree);
  const auto page = manual_page(tree, environment_variables());
  std::vector<Option> options = tree.shared;
  options.insert(options.end(), tree.settings.begin(), tree.settings.end());
  CHECK(tree.settings.size() > 20);
  std::size_t commands = 0;
  for (const auto* command : all_of(tree.program)) {
    options.insert(options.end(), command->options.begin(), command->options.end());
    if (command->path.empty()) continue;
    ++commands;
    CAPTURE(command->path);
    CHECK(has(bash, "    " + shell_quoted(command->path) + ") offered=("));
    CHECK(has(zsh, "    " + shell_quoted(command->path) + ") offered=("));
    CHECK(has(fish, "-a " + fish_quoted(fish_quoted(command->name)) + " -d " + fish_quoted(command->summary)));
    if (!command->commands.empty()) continue;
    CHECK_FALSE(command->examples.empty());
    CHECK(has(page, ".SS " + roff_argument("outboxd " + command->path) + "\n"));
    CHECK(has(page, roff_text(command->examples.front())));
  }
  CHECK(commands > 20);
  for (const auto& option : options) {
    for (const auto& name : option.names) {
      CAPTURE(name);
      CHECK(has(bash, shell_quoted(name)));
      CHECK(has(zsh, shell_quoted(zsh_described(name, option.help))));
      CHECK(has(fish, name.starts_with("--") ? " -l " + fish_quoted(name.substr(2)) : " -s "));
      CHECK(has(page, roff_text(name)));
    }
    CHECK(has(fish, fish_quoted(option.help)));
    CHECK(has(page, roff_prose(option.help)));
  }
}

TEST_CASE("the tree has what was declared") {
  const auto tree = declared_commands();
  const auto all = all_of(tree.program);
  const auto named = [&all](const std::string& path) {
    for (const auto* command : all) {
      if (command->path == path) return *command;
    }
    FAIL(path);
    return Command{};
  };
  CHECK(named("run").options.size() == 2);
  CHECK_FALSE(named("help").takes_shared);
  CHECK(named("dead list").takes_shared);
  CHECK(named("enqueue").arguments.front().value == "STREAM");
  CHECK(named("enqueue").arguments.front().required);
  CHECK(named("enqueue").arguments.back().repeats);
  CHECK(following(named("config check"), tree).files);
  CHECK(following(named("completion"), tree).words.size() == 3);
  const auto& every = named("streams status").options;
  CHECK(every.back().names == std::vector<std::string>{"--every"});
  CHECK(every.back().value == "SECONDS");
}

}  // namespace outboxd::daemon::reference
