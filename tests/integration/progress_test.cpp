// SPDX-License-Identifier: Apache-2.0
// What a person at a terminal sees of `outboxd --once`.
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

/// A terminal whose other end we read.
class PseudoTerminal {
 public:
  PseudoTerminal() : fd_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0 || ::grantpt(fd_) != 0 || ::unlockpt(fd_) != 0) throw std::runtime_error("no pseudo-terminal");
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  ~PseudoTerminal() { ::close(fd_); }

  [[nodiscard]] std::string path() const { return ::ptsname(fd_); }

  /// All that was written to it so far.
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

/// `outboxd --once` with its standard error on the terminal, and its standard output, too, if so.
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

}  // namespace

TEST_CASE("a progress line shows published, rate and what is left, and is gone at the end") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream("progress"), 20000);
  PseudoTerminal terminal;
  // Row by row, so that there is time to be seen.
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
  // Stopped before the end: some are published, some remain.
  CHECK(outboxd->wait() == 1);
  const auto counts = once_counts(outboxd->out());
  CHECK(counts.status == "incomplete");
  CHECK(counts.add_up());
  CHECK(counts.published == count_rows(database, "dispatched_at IS NOT NULL"));
  CHECK(contains(terminal.seen(), "ended: claimed "));
  // The last thing done to the line is to clear it.
  const auto after = terminal.seen().substr(terminal.seen().rfind("rows/s"));
  CHECK(contains(after, "\r\x1b[K"));
}

TEST_CASE("on the same terminal the report has a line of its own") {
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
