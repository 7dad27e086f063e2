// SPDX-License-Identifier: Apache-2.0
// Output and questions on a terminal.
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <regex>
#include <stdexcept>
#include <unistd.h>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Environment;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::outboxd_program;
using outboxd::test::run_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// A pseudo-terminal; the test reads its other end.
class PseudoTerminal {
 public:
  PseudoTerminal() : fd_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0 || ::grantpt(fd_) != 0 || ::unlockpt(fd_) != 0) throw std::runtime_error("no pseudo-terminal");
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  ~PseudoTerminal() { ::close(fd_); }

  [[nodiscard]] std::string path() const { return ::ptsname(fd_); }

  void type(const std::string& text) const {
    if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("write");
  }

  /// The output so far.
  const std::string& seen() {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(fd_, buffer, sizeof buffer)) > 0;)
      seen_.append(buffer, static_cast<std::size_t>(got));
    return seen_;
  }

 private:
  int fd_;
  std::string seen_;
};

/// Runs `outboxd --once` with standard error on the terminal, and optionally standard output.
std::unique_ptr<Child> start_on(const PseudoTerminal& terminal, const std::vector<std::string>& flags,
                                Environment environment, bool output_too = false) {
  environment["TERM"] = "xterm";
  const std::string output = output_too ? " >&2" : "";
  std::vector<std::string> command{"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>" + terminal.path() + output,
                                   outboxd_program(), "--once"};
  command.insert(command.end(), flags.begin(), flags.end());
  return std::make_unique<Child>(
      outboxd::test::ChildOptions{.command = command, .environment = std::move(environment)});
}

/// Runs a command with the terminal as all three standard streams.
std::unique_ptr<Child> start_at(const PseudoTerminal& terminal, const std::string& command, Environment environment) {
  environment["TERM"] = "xterm";
  const auto path = terminal.path();
  return std::make_unique<Child>(outboxd::test::ChildOptions{
      .command = {"/bin/sh", "-c", "exec \"$0\" " + command + " <" + path + " >" + path + " 2>&1", outboxd_program()},
      .environment = std::move(environment)});
}

/// Waits for the command's end, and reads its output meanwhile.
int end_of(Child& child, PseudoTerminal& terminal) {
  wait_until([&] {
    (void)terminal.seen();
    return !child.running();
  });
  return child.wait();
}

}  // namespace

TEST_CASE("migrate --revert asks before it drops a table; without a terminal it needs --yes") {
  const auto database = outboxd::test::shared_postgres().create_database();
  const auto environment = outboxd_environment(database);
  CHECK(run_outboxd({"migrate", "--wake-ups"}, environment).status == 0);
  const auto is_there = [&] { return database.scalar("SELECT to_regclass('event_outbox') IS NOT NULL") == "t"; };
  const auto refused = run_outboxd({"migrate", "--revert", "1"}, environment);
  CHECK(refused.status == 2);
  CHECK(contains(refused.err, "drops a table, and there is no terminal to ask at: say --yes as well"));
  // It doesn't ask if it drops no table.
  CHECK(run_outboxd({"migrate", "--revert", "3"}, environment).status == 0);
  CHECK(run_outboxd({"migrate", "--revert", "1", "--dry-run"}, environment).status == 0);
  for (const std::string answer : {"no", "y", "yes"}) {
    CHECK(is_there());
    PseudoTerminal terminal;
    const auto asking = start_at(terminal, "migrate --revert 1", environment);
    wait_until([&] { return contains(terminal.seen(), "Type yes to drop it: "); });
    CHECK(contains(terminal.seen(), "database " + database.name));
    terminal.type(answer + "\n");
    CHECK(end_of(*asking, terminal) == (answer == "yes" ? 0 : 2));
    CHECK(contains(terminal.seen(), answer == "yes" ? "0001_event_outbox: reverted" : "nothing is changed"));
  }
  CHECK(!is_there());
  CHECK(run_outboxd({"migrate", "--revert", "2", "--yes"}, environment).status == 0);
}

TEST_CASE("replay shows what it would do, with its warnings, before it asks") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  insert_rows(database, "r", stream, 2);
  database.exec("UPDATE event_outbox SET dispatched_at = now()");
  for (const std::string answer : {"y", "yes"}) {
    PseudoTerminal terminal;
    const auto asking = start_at(terminal, "replay --stream " + stream + " --since 7d --retention 1h --maxlen 1",
                                 outboxd_environment(database));
    wait_until([&] { return contains(terminal.seen(), "? Type yes: "); });
    const auto seen = terminal.seen();
    const auto question = seen.find("Publish 2 rows of \"public\".\"event_outbox\" again (--stream '");
    CHECK(seen.find("warning: dispatcher.retention is 1h") < question);
    CHECK(seen.find("keeps about 1 entry: of these 2 rows the first 1") < question);
    CHECK(question != std::string::npos);
    CHECK(outboxd::test::shared_redis().probe().xlen(stream) == 0);
    terminal.type(answer + "\n");
    CHECK(end_of(*asking, terminal) == (answer == "yes" ? 0 : 2));
    CHECK(contains(terminal.seen(), answer == "yes" ? "2 of 2 rows published again" : "nothing is changed"));
  }
}

TEST_CASE("status --watch clears the terminal, and prints the time") {
  const auto database = contract_database();
  PseudoTerminal terminal;
  const auto watching = start_at(terminal, "status --watch", outboxd_environment(database));
  const std::regex page(R"(\x1b\[H\x1b\[2J20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\r\nDISPATCHER )");
  wait_until([&] { return std::regex_search(terminal.seen(), page); });
  CHECK(watching->running());
}

TEST_CASE("a progress line shows published rows, rate and remaining rows, and is cleared at the end") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream("progress"), 20000);
  PseudoTerminal terminal;
  // Batches of one row, so that the line is visible for some time.
  const auto outboxd = start_on(terminal, {"--batch", "1"}, outboxd_environment(database));
  const std::regex line(R"(published [1-9]\d*, \d+ rows/s, left [1-9]\d*)");
  wait_until([&] { return std::regex_search(terminal.seen(), line); }, std::chrono::seconds(30), "a progress line");
  CHECK(outboxd->running());
  CHECK(outboxd->out().empty());
  outboxd->signal(SIGTERM);
  wait_until([&] {
    (void)terminal.seen();
    return !outboxd->running();
  });
  // Stopped early: some rows are published, some remain.
  CHECK(outboxd->wait() == 1);
  const auto counts = once_counts(outboxd->out());
  CHECK(counts.status == "incomplete");
  CHECK(counts.add_up());
  CHECK(counts.published == count_rows(database, "dispatched_at IS NOT NULL"));
  CHECK(contains(terminal.seen(), "ended: claimed "));
  // Finally the line is cleared.
  const auto after = terminal.seen().substr(terminal.seen().rfind("rows/s"));
  CHECK(contains(after, "\r\x1b[K"));
}

TEST_CASE("on the same terminal the report is on a line of its own") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream("progress"), 20000);
  PseudoTerminal terminal;
  const auto outboxd = start_on(terminal, {"--batch", "1"}, outboxd_environment(database), true);
  wait_until([&] { return contains(terminal.seen(), "rows/s"); });
  outboxd->signal(SIGTERM);
  wait_until([&] {
    (void)terminal.seen();
    return !outboxd->running();
  });
  const auto end = terminal.seen().substr(terminal.seen().rfind("rows/s"));
  CHECK(end.find("\r\x1b[K") < end.find("{\""));
}

TEST_CASE("without a terminal there is no progress line") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream("no-terminal"), 2000);
  const auto ended =
      run_outboxd({"--once", "--batch", "1"}, with(outboxd_environment(database), {{"TERM", "xterm"}}));
  CHECK(ended.status == 0);
  CHECK(!contains(ended.err, "rows/s"));
  CHECK(!contains(ended.err, "\r"));
}

TEST_CASE("nothing is coloured, on a terminal or elsewhere, whatever NO_COLOR says") {
  const auto database = contract_database();
  const auto environment = outboxd_environment(database);
  for (const Environment& more :
       {Environment{}, Environment{{"NO_COLOR", "1"}}, Environment{{"CLICOLOR_FORCE", "1"}}}) {
    for (const std::string command :
         {"status", "doctor --all", "dead list", "streams status", "config show", "run --once"}) {
      CAPTURE(command);
      PseudoTerminal terminal;
      auto child = start_at(terminal, command, with(environment, more));
      CHECK(end_of(*child, terminal) != 2);
      // The line of progress is cleared.
      auto seen = terminal.seen();
      for (std::size_t at = 0; (at = seen.find("\x1b[K")) != std::string::npos;) seen.erase(at, 3);
      CHECK_MESSAGE(seen.find('\x1b') == std::string::npos, seen);
      CHECK_FALSE(seen.empty());
    }
  }
}
