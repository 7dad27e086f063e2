// SPDX-License-Identifier: Apache-2.0
#include "system/identity.hpp"
#include "system/private_memory.hpp"
#include "system/service_notify.hpp"
#include "system/signals.hpp"
#include "system/standard_error_file.hpp"
#include "system/write_within.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <regex>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace system_ns = outboxd::system;

namespace {

/// Runs `body` in a child process and returns its wait status.
template <class Body>
int status_of_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    std::_Exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

/// A datagram socket in place of systemd's, announced in NOTIFY_SOCKET while it exists.
class NotifySocket {
 public:
  NotifySocket() : path_(std::filesystem::temp_directory_path() / ("outboxd-notify-" + std::to_string(getpid()))) {
    std::filesystem::remove(path_);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    REQUIRE(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~NotifySocket() {
    unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
    std::filesystem::remove(path_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// The next datagram; waits for it.
  [[nodiscard]] std::string receive() const {
    std::array<char, 512> buffer{};
    const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  std::filesystem::path path_;
  int socket_ = -1;
};

}  // namespace

TEST_CASE("identity: host, process id and a random part; the same at each call") {
  const auto id = system_ns::worker_id();
  CHECK(std::regex_match(id, std::regex("outboxd:[^:]{1,40}:" + std::to_string(getpid()) + ":[0-9a-f]{8}")));
  CHECK(system_ns::worker_id() == id);
}

TEST_CASE("signals: the first calls a handler on the loop, with its name") {
  for (const auto& [number, name] :
       {std::pair(SIGTERM, "SIGTERM"), std::pair(SIGINT, "SIGINT"), std::pair(SIGHUP, "SIGHUP")}) {
    boost::asio::io_context loop(1);
    std::string seen;
    system_ns::Signals signals(loop.get_executor(), {.on_first = [&](std::string_view signal) {
                                 seen = signal;
                                 signals.stop();
                               }});
    std::raise(number);
    loop.run();
    CHECK(seen == name);
  }
}

TEST_CASE("signals: with a handler for SIGHUP, no SIGHUP stops the process") {
  boost::asio::io_context loop(1);
  int hangups = 0;
  std::string seen;
  system_ns::Signals signals(loop.get_executor(), {.on_first =
                                                       [&](std::string_view signal) {
                                                         seen = signal;
                                                         signals.stop();
                                                       },
                                                   .before_exit = {},
                                                   .on_hangup =
                                                       [&] {
                                                         if (++hangups < 3) std::raise(SIGHUP);
                                                         if (hangups == 3) std::raise(SIGTERM);
                                                       }});
  std::raise(SIGHUP);
  loop.run();
  CHECK(hangups == 3);
  CHECK(seen == "SIGTERM");
}

TEST_CASE("signals: with a handler for SIGHUP, SIGHUP doesn't end the process after stop() either") {
  const int status = status_of_child([] {
    boost::asio::io_context loop(1);
    system_ns::Signals signals(loop.get_executor(),
                               {.on_first = [](std::string_view) {}, .before_exit = {}, .on_hangup = [] {}});
    signals.stop();
    std::raise(SIGHUP);
    std::_Exit(7);
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE("the log's file is reopened under its old name after a rotation; without one, nothing changes") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("log-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto log = folder / "log";
  const int status = status_of_child([&] {
    ::umask(022);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (::dup2(file, STDERR_FILENO) < 0) std::_Exit(2);
    const system_ns::StandardErrorFile of_log;
    if (of_log.path() != log || of_log.was_moved()) std::_Exit(3);
    std::filesystem::rename(log, folder / "log.1");
    if (!of_log.was_moved() || !of_log.reopen().empty() || of_log.was_moved()) std::_Exit(4);
    struct stat made {};
    if (::stat(log.c_str(), &made) != 0 || (made.st_mode & 07777U) != 0640U) std::_Exit(9);
    if (::write(STDERR_FILENO, "new", 3) != 3) std::_Exit(5);
    std::filesystem::remove_all(folder);
    if (of_log.reopen() != "No such file or directory") std::_Exit(6);
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0) std::_Exit(7);
    const system_ns::StandardErrorFile of_pipe;
    std::_Exit(of_pipe.path().empty() && !of_pipe.was_moved() ? 0 : 8);
  });
  CHECK(WEXITSTATUS(status) == 0);
  std::filesystem::remove_all(folder);
}

TEST_CASE("signals: stop() and destruction let the loop end") {
  boost::asio::io_context loop(1);
  bool called = false;
  {
    system_ns::Signals signals(loop.get_executor(), {.on_first = [&](std::string_view) { called = true; }});
    loop.poll();
    CHECK_FALSE(loop.stopped());
  }
  loop.run();
  CHECK_FALSE(called);
}

TEST_CASE("signals: the second ends the process at once, after the flush, with status 128+n") {
  std::array<int, 2> flushed{};
  REQUIRE(pipe(flushed.data()) == 0);
  const int status = status_of_child([&] {
    boost::asio::io_context loop(1);
    const auto flush = [&] { static_cast<void>(::write(flushed[1], "F", 1) == 1); };
    system_ns::Signals signals(loop.get_executor(),
                               {.on_first = [](std::string_view) { std::raise(SIGINT); }, .before_exit = flush});
    std::raise(SIGTERM);
    loop.run();
  });
  ::close(flushed[1]);
  char mark = ' ';
  CHECK(::read(flushed[0], &mark, 1) == 1);
  ::close(flushed[0]);
  CHECK(mark == 'F');
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGINT);
}

TEST_CASE("signals: writing to a closed pipe is an error and doesn't end the process") {
  const int status = status_of_child([] {
    system_ns::ignore_sigpipe();
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::_Exit(2);
    ::close(ends[0]);
    std::_Exit(::write(ends[1], "x", 1) == -1 ? 0 : 1);
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("service notify: does nothing outside systemd") {
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  CHECK_NOTHROW(system_ns::service::ready());
  CHECK_FALSE(system_ns::service::watchdog_interval().has_value());
}

TEST_CASE("service notify: each call is one assignment, and a status stays one line") {
  const NotifySocket systemd;
  system_ns::service::ready();
  CHECK(systemd.receive() == "READY=1");
  system_ns::service::status("1 dispatcher\nMAINPID=1");
  CHECK(systemd.receive() == "STATUS=1 dispatcher MAINPID=1");
  system_ns::service::ping_watchdog();
  CHECK(systemd.receive() == "WATCHDOG=1");
  system_ns::service::stopping();
  CHECK(systemd.receive() == "STOPPING=1");
}

TEST_CASE("service notify: no call blocks if the manager doesn't read; later it gets the newest of each kind") {
  const NotifySocket systemd;
  for (int i = 0; i < 5'000; ++i) {
    system_ns::service::ping_watchdog();
    system_ns::service::status(std::to_string(i));
  }
  system_ns::service::stopping();
  int messages = 0;
  std::string last_status;
  for (auto state = systemd.receive(); state != "STOPPING=1"; state = systemd.receive(), ++messages) {
    REQUIRE(state != "nothing");
    if (state.starts_with("STATUS=")) last_status = state;
  }
  CHECK(last_status == "STATUS=4999");
  CHECK(messages <= 10'000);
}

TEST_CASE("standard output: a slow reader gets all of it; a stalled one is given up") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  std::string read_text;
  std::thread reader([&] {
    std::array<char, 1000> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      read_text.append(buffer.data(), static_cast<std::size_t>(got));
    }
  });
  CHECK(system_ns::write_within(ends[1], std::string(500'000, 'x'), std::chrono::seconds(20)).empty());
  ::close(ends[1]);
  reader.join();
  CHECK(read_text == std::string(500'000, 'x'));
  ::close(ends[0]);

  REQUIRE(pipe(ends.data()) == 0);
  const auto why = system_ns::write_within(ends[1], std::string(500'000, 'x'), std::chrono::milliseconds(50));
  CHECK(why == "its reader took nothing for 50 ms");
  // Ends the write that is still blocked.
  ::close(ends[0]);

  const int full = ::open("/dev/full", O_WRONLY);
  CHECK(system_ns::write_within(full, "x", std::chrono::seconds(20)) == "No space left on device");
  ::close(full);
  CHECK(system_ns::write_within(-1, "", std::chrono::seconds(20)).empty());
}

TEST_CASE("service notify: the watchdog's interval is systemd's") {
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  const auto interval = system_ns::service::watchdog_interval();
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
  REQUIRE(interval.has_value());
  CHECK(*interval == std::chrono::seconds(30));
}

TEST_CASE("private memory: no core dump") {
  const int status = status_of_child([] {
    rlimit before{};
    ::getrlimit(RLIMIT_CORE, &before);
    before.rlim_cur = before.rlim_max;
    ::setrlimit(RLIMIT_CORE, &before);
    system_ns::keep_memory_private();
    rlimit after{1, 1};
    ::getrlimit(RLIMIT_CORE, &after);
    std::_Exit(::prctl(PR_GET_DUMPABLE) == 0 && after.rlim_cur == 0 ? 0 : 1);
  });
  CHECK(WEXITSTATUS(status) == 0);
}
