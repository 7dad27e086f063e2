// SPDX-License-Identifier: Apache-2.0
#include "support/temp_dir.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/line_queue.hpp"
#include "telemetry/log.hpp"
#include "telemetry/progress.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace log_ns = outboxd::telemetry::log;
using outboxd::telemetry::Progress;
using outboxd::telemetry::Terminal;

namespace {

/// A pipe in place of standard error.
class Pipe {
 public:
  Pipe() { REQUIRE(::pipe2(ends_.data(), O_NONBLOCK) == 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int writer() const { return ends_[1]; }

  /// All that was written since the last call.
  [[nodiscard]] std::string taken() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(ends_[0], buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

/// The terminal's output to the pipe since the last call.
std::string written(Terminal& terminal, const Pipe& pipe) {
  terminal.flush(std::chrono::seconds(20));
  return pipe.taken();
}

std::string formatted(log_ns::Format format, spdlog::level::level_enum level, std::string_view payload) {
  // 2026-11-21T10:00:00.123Z
  const spdlog::log_clock::time_point time(std::chrono::milliseconds(1795255200123));
  const spdlog::details::log_msg message(time, {}, "", level, spdlog::string_view_t(payload.data(), payload.size()));
  spdlog::memory_buf_t line;
  log_ns::LineFormatter(format).format(message, line);
  return {line.data(), line.size()};
}

std::string text_of(std::string_view payload) {
  std::string to;
  outboxd::telemetry::append_printable(to, payload);
  return to;
}

std::string json_of(std::string_view payload) {
  std::string to;
  outboxd::telemetry::append_json(to, payload);
  return to;
}

}  // namespace

TEST_CASE("log: a line of text and a line of JSON") {
  CHECK(formatted(log_ns::Format::text, spdlog::level::info, "drained") ==
        "2026-11-21T10:00:00.123Z info  drained\n");
  CHECK(formatted(log_ns::Format::text, spdlog::level::critical, "x") == "2026-11-21T10:00:00.123Z critical x\n");
  CHECK(formatted(log_ns::Format::json, spdlog::level::warn, R"(stream "a\b")") ==
        R"({"time":"2026-11-21T10:00:00.123Z","level":"warn","message":"stream \"a\\b\""})"
        "\n");
}

TEST_CASE("log: a message can't begin a line of its own or drive the terminal") {
  const std::string forged = "row 1\n2026-11-21T10:00:00.123Z info  all is well\r\x1b[2J";
  const std::string line = formatted(log_ns::Format::text, spdlog::level::err, forged);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\r') == std::string::npos);
  CHECK(line.find('\x1b') == std::string::npos);
  const std::string object = formatted(log_ns::Format::json, spdlog::level::err, forged);
  CHECK(object.find('\n') == object.size() - 1);
}

TEST_CASE("log: level and format change in the logger that other threads may be using") {
  const auto before = spdlog::default_logger();
  log_ns::set_up("info", log_ns::Format::text);
  const std::weak_ptr used = spdlog::default_logger();
  CHECK_FALSE(spdlog::should_log(spdlog::level::debug));
  log_ns::set_up("debug", log_ns::Format::json);
  CHECK(spdlog::should_log(spdlog::level::debug));
  CHECK(spdlog::default_logger() == used.lock());
  CHECK_THROWS_AS(log_ns::set_up("loud", log_ns::Format::text), std::invalid_argument);
  spdlog::set_default_logger(before);
}

TEST_CASE("escape: readable text") {
  CHECK(text_of("größe 漢字 🙂") == "größe 漢字 🙂");
  CHECK(text_of("a\tb\nc\rd") == "a\\tb\\nc\\rd");
  CHECK(text_of(std::string_view("\0\x01\x7f", 3)) == "\\x00\\x01\\x7f");
  CHECK(text_of("\xc2\x9b") == "\\x9b");                // one of the C1 controls, which terminals obey
  CHECK(text_of("\u202eevil") == "\\u202eevil");        // right-to-left override
  CHECK(text_of("\xff\xfe") == "\\xff\\xfe");           // no UTF-8 at all
  CHECK(text_of("\xe6\xbc") == "\\xe6\\xbc");           // cut off
  CHECK(text_of("\xc0\xaf") == "\\xc0\\xaf");           // overlong '/'
  CHECK(text_of("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // half a surrogate pair
}

TEST_CASE("escape: JSON") {
  CHECK(json_of("größe \"q\" \\ /") == "größe \\\"q\\\" \\\\ /");
  CHECK(json_of(std::string_view("\n\t\r\0\x1f\x7f", 6)) == "\\n\\t\\r\\u0000\\u001f\\u007f");
  CHECK(json_of("a\xff"
                "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(json_of("\xf4\x90\x80\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // past U+10FFFF
}

TEST_CASE("log: secrets are masked, in both formats and before escaping") {
  log_ns::redact("hunter2-secret");
  log_ns::redact("quote\"d\npass");
  CHECK(formatted(log_ns::Format::text, spdlog::level::info, "AUTH hunter2-secret, hunter2-secret!") ==
        "2026-11-21T10:00:00.123Z info  AUTH ***, ***!\n");
  CHECK(formatted(log_ns::Format::json, spdlog::level::info, "p=quote\"d\npass").find("p=***\"") !=
        std::string::npos);
}

TEST_CASE("redaction: overlapping secrets, repeats and empty ones") {
  log_ns::redact("overlap-left");
  log_ns::redact("left-right");
  log_ns::redact("overlap-left-longer");
  log_ns::redact("zzzzzz");
  log_ns::redact("");
  CHECK(log_ns::redacted("an overlap-left-right end") == "an *** end");
  CHECK(log_ns::redacted("<overlap-left-longer>") == "<***>");
  CHECK(log_ns::redacted("zzzzzzzz") == "***");
  CHECK(log_ns::redacted("") == "");
}

TEST_CASE("log: a message is cut, between characters, and a secret at the cut is masked whole") {
  const auto line = formatted(log_ns::Format::text, spdlog::level::err, std::string(300'000, 'x'));
  CHECK(line.size() < 4'100);
  CHECK(line.ends_with("xxx...\n"));
  CHECK(formatted(log_ns::Format::text, spdlog::level::err, std::string(3'999, 'x') + "ä").ends_with("x...\n"));
  log_ns::redact("secret-over-the-cut");
  CHECK(formatted(log_ns::Format::text, spdlog::level::err, std::string(3'990, 'x') + "secret-over-the-cut")
            .ends_with("x***\n"));
}

TEST_CASE("log: levels by name") {
  for (const char* name : {"trace", "debug", "info", "warn", "error", "critical", "off"}) {
    CHECK_NOTHROW(static_cast<void>(log_ns::level_named(name)));
  }
  CHECK(log_ns::level_named("warn") == spdlog::level::warn);
  CHECK_THROWS_WITH_AS(static_cast<void>(log_ns::level_named("loud")), doctest::Contains("trace, debug, info"),
                       std::invalid_argument);
}

TEST_CASE("log: below its level nothing is written") {
  const Pipe pipe;
  Terminal terminal(pipe.writer(), false);
  const auto logger = log_ns::make_logger(terminal, spdlog::level::warn, log_ns::Format::text);
  logger->info("quiet");
  CHECK(written(terminal, pipe).empty());
  logger->warn("loud");
  CHECK(written(terminal, pipe).ends_with("warn  loud\n"));
}

TEST_CASE("log: lines of several threads are never mixed") {
  const Pipe pipe;
  Terminal terminal(pipe.writer(), false);
  const auto logger = log_ns::make_logger(terminal, spdlog::level::info, log_ns::Format::text);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&logger] {
      for (int i = 0; i < 50; ++i) logger->info("0123456789");
    });
  }
  for (auto& thread : threads) thread.join();
  std::string text = written(terminal, pipe);
  int lines = 0;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
    CHECK(text.substr(0, end).ends_with("Z info  0123456789"));
    ++lines;
  }
  CHECK(lines == 200);
}

TEST_CASE("progress: stays below the log lines, and goes with its object") {
  const Pipe pipe;
  Terminal terminal(pipe.writer(), true);
  {
    Progress progress(terminal);
    progress.show("100 published");
    CHECK(written(terminal, pipe) == "\r\x1b[K100 published");
    terminal.write("a line\n");
    CHECK(written(terminal, pipe) == "\r\x1b[Ka line\n100 published");
    progress.show("two\nlines");
    CHECK(written(terminal, pipe) == "\r\x1b[Ktwo\\nlines");
  }
  CHECK(written(terminal, pipe) == "\r\x1b[K");
  terminal.write("after\n");
  CHECK(written(terminal, pipe) == "after\n");
}

TEST_CASE("progress: is cut to the width, between characters") {
  const Pipe pipe;
  Terminal terminal(pipe.writer(), true);
  Progress progress(terminal);
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "ä";
  progress.show(wide);
  // A pipe has no width; a terminal of unknown width counts as 80 columns wide, and the last column stays free.
  CHECK(written(terminal, pipe) == "\r\x1b[K" + wide.substr(0, 158));
}

TEST_CASE("progress: is silent where standard error is not a terminal") {
  const Pipe pipe;
  Terminal terminal(pipe.writer(), false);
  {
    Progress progress(terminal);
    progress.show("100 published");
    terminal.write("a line\n");
  }
  CHECK(written(terminal, pipe) == "a line\n");
}

namespace {

/// A pipe that blocks its writers while it is full, as standard error does.
class StalledPipe {
 public:
  StalledPipe() {
    REQUIRE(::pipe(ends_.data()) == 0);
    REQUIRE(::fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  }
  ~StalledPipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  StalledPipe(const StalledPipe&) = delete;
  StalledPipe& operator=(const StalledPipe&) = delete;

  [[nodiscard]] int writer() const { return ends_[1]; }

  /// Reads until the terminal has nothing more to write.
  std::string drain(Terminal& terminal) const {
    std::string text;
    std::array<char, 65536> buffer{};
    for (int quiet = 0; quiet < 20;) {
      const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
      if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
      quiet = size > 0 ? 0 : quiet + 1;
      terminal.flush(std::chrono::milliseconds(10));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

TEST_CASE("log: no thread that logs waits for the reader; dropped lines are counted, and one line reports them") {
  const StalledPipe pipe;
  Terminal terminal(pipe.writer(), false);
  const auto logger = log_ns::make_logger(terminal, spdlog::level::info, log_ns::Format::json);
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i) logger->info("line {:06} {}", i, std::string(100, 'x'));
  CHECK(terminal.dropped() > 0);
  const auto dropped = terminal.dropped();
  const auto text = pipe.drain(terminal);
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  CHECK(lines == kLines - dropped + 1);
  CHECK(text.find("\"level\":\"warn\",\"message\":\"" + std::to_string(dropped) +
                  " log lines were dropped, as standard error was not read") != std::string::npos);
  // The first ones are there, in order, and without a gap.
  for (std::uint64_t i = 0; i + 1 < lines; i += 500) {
    CAPTURE(i);
    CHECK(text.find(fmt::format("line {:06} ", i)) != std::string::npos);
  }
  logger->info("after");
  CHECK(pipe.drain(terminal).find("\"message\":\"after\"") != std::string::npos);
  CHECK(terminal.dropped() == dropped);
}

TEST_CASE("log: a flush waits for a stalled reader no longer than its time-out") {
  const StalledPipe pipe;
  Terminal terminal(pipe.writer(), false);
  for (int i = 0; i < 200; ++i) terminal.write(std::string(999, 'x') + "\n");
  const auto begin = std::chrono::steady_clock::now();
  terminal.flush(std::chrono::milliseconds(50));
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(50));
  CHECK(pipe.drain(terminal).size() == 200'000);
  CHECK(terminal.dropped() == 0);
}

TEST_CASE("log: lines that can't be written are counted, and notices of them are not") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  ::close(ends[0]);
  Terminal terminal(ends[1], false);
  const auto logger = log_ns::make_logger(terminal, spdlog::level::info, log_ns::Format::text);
  logger->info("a");
  terminal.flush(std::chrono::seconds(20));
  CHECK(terminal.dropped() == 1);
  logger->info("b");
  terminal.flush(std::chrono::seconds(20));
  CHECK(terminal.dropped() == 2);
  ::close(ends[1]);
}

TEST_CASE("log: after a line of which only a part could be written a new line begins") {
  const outboxd::test::TempDir folder;
  const auto path = folder.path() / "log";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  // As on a full disk: a part of a line is taken, and nothing after it.
  auto* const before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit small{4, limit.rlim_max};
  {
    Terminal terminal(file, false);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    terminal.write("the first\n");
    terminal.flush(std::chrono::seconds(20));
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    terminal.write("the second\n");
    terminal.write("the third\n");
    terminal.flush(std::chrono::seconds(20));
    CHECK(terminal.dropped() == 1);
  }
  std::signal(SIGXFSZ, before);
  ::close(file);
  CHECK(outboxd::test::read_file(path) == "the \nthe second\nthe third\n");
}

TEST_CASE("log: out of memory for a notice, the writer goes on, and reports the dropped lines later") {
  const StalledPipe pipe;
  Terminal terminal(pipe.writer(), false);
  std::atomic<int> failures = 0;
  terminal.on_dropped([&failures](std::uint64_t lines) -> std::string {
    if (failures++ < 2) throw std::bad_alloc{};
    return std::to_string(lines) + " dropped\n";
  });
  terminal.lose_a_line();
  // There, the notice of the first is out of memory, and so the line is dropped, too; then in the writer itself.
  terminal.write("a\n");
  CHECK(terminal.dropped() == 2);
  CHECK(pipe.drain(terminal).empty());
  CHECK(failures == 2);
  terminal.write("b\n");
  CHECK(pipe.drain(terminal) == "2 dropped\nb\n");
}

TEST_CASE("log: a full queue takes no line until half of it is gone") {
  outboxd::telemetry::LineQueue queue(100, 10);
  while (queue.has_room_for(30)) queue.push(std::string(30, 'x'));
  CHECK(queue.take(30).lines == 1);
  CHECK(!queue.has_room_for(1));
  CHECK(queue.take(1).lines == 1);
  CHECK(queue.has_room_for(1));
  CHECK(!queue.has_room_for(101));
  CHECK(queue.take(1'000).text.size() == 30);
  CHECK(queue.empty());
  CHECK(queue.take(1'000).lines == 0);
  for (int i = 0; i < 10; ++i) queue.push("x", 2);
  CHECK(!queue.has_room_for(1));
  CHECK(queue.take(5).dropped_before == 10);
  const auto dropped = queue.drop();
  CHECK(dropped.lines == 5);
  CHECK(dropped.dropped_before == 10);
  CHECK(queue.empty());
  CHECK(queue.has_room_for(100));
}
