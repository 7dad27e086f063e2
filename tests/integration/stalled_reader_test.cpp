// SPDX-License-Identifier: Apache-2.0
// If the daemon's output isn't read, it still works, answers and stops, and later reports the missing lines.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/socket.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Environment;
using outboxd::test::free_port;
using outboxd::test::http_get;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::outboxd_program;
using outboxd::test::TempDir;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// A named pipe that is full until it is drained.
class FullPipe {
 public:
  FullPipe() {
    if (::mkfifo(path().c_str(), 0600) != 0) throw std::runtime_error("no fifo");
    fd_ = ::open(path().c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd_ < 0) throw std::runtime_error("the fifo can't be opened");
    const std::string filling(4096, '.');
    while (::write(fd_, filling.data(), filling.size()) > 0) {
    }
  }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;
  ~FullPipe() { close(); }

  [[nodiscard]] std::string path() const { return (folder_ / "pipe").string(); }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  /// The output so far, without the filling.
  const std::string& drained() {
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = ::read(fd_, buffer.data(), buffer.size())) > 0;) {
      for (ssize_t i = 0; i < got; ++i) {
        const char c = buffer[static_cast<std::size_t>(i)];
        if (c != '.' || !text_.empty()) text_.push_back(c);
      }
    }
    return text_;
  }

 private:
  TempDir folder_;
  int fd_ = -1;
  std::string text_;
};

/// Starts the daemon with a redirection of the shell, such as `2>` and a path.
std::unique_ptr<Child> start_redirected(const std::string& redirection, const std::vector<std::string>& arguments,
                                        Environment environment) {
  std::vector<std::string> command{"/bin/sh", "-c", "exec \"$0\" \"$@\" " + redirection, outboxd_program()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Child>(
      outboxd::test::ChildOptions{.command = command, .environment = std::move(environment)});
}

/// Inserts a row into each of two hundred streams; each is dead at once, with half a kilobyte of log.
void insert_dead_rows(const outboxd::test::Database& database, const std::string& table) {
  database.exec("INSERT INTO " + table +
                " (id, stream_name, payload_json) SELECT repeat('i', 180) || n, repeat('s', 180) || n, '[]' FROM "
                "generate_series(1, 200) AS n");
}

double dropped_lines(std::uint16_t port) {
  const auto metrics = http_get(port, "/metrics").body;
  const std::string name = "\noutboxd_log_lines_dropped_total ";
  const auto at = metrics.find(name);
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + name.size()));
}

}  // namespace

TEST_CASE(
    "a log that isn't read doesn't stop the daemon; dropped lines are counted, and reported when it is read again") {
  const auto database = contract_database();
  std::string dispatchers;
  for (int i = 0; i < 5; ++i) {
    const auto table = "outbox_" + std::to_string(i);
    database.exec("CREATE TABLE " + table + " (LIKE event_outbox INCLUDING ALL)");
    dispatchers += "[[dispatcher]]\nname = \"" + table + "\"\ntable = \"" + table + "\"\npoll_interval = \"20ms\"\n";
  }
  const TempDir folder;
  const auto file = folder.write("outboxd.toml", dispatchers).string();
  FullPipe pipe;
  const auto port = free_port();
  const auto outboxd =
      start_redirected("2>" + pipe.path(), {"--config", file, "--http-listen", "127.0.0.1:" + std::to_string(port)},
                       outboxd_environment(database));
  const auto answers = [port] {
    try {
      return http_get(port, "/healthz").status == 200 && http_get(port, "/readyz").status == 200;
    } catch (const std::exception&) {
      return false;
    }
  };
  wait_until(answers);
  CHECK(dropped_lines(port) == 0);
  for (int i = 0; i < 5; ++i) insert_dead_rows(database, "outbox_" + std::to_string(i));
  wait_until([&] { return dropped_lines(port) > 0; });
  const auto stream = new_stream("stalled");
  database.exec("INSERT INTO outbox_0 (id, stream_name, payload_json) SELECT 'good' || n, '" + stream +
                "', '{}' FROM generate_series(1, 20) AS n");
  const auto left = "SELECT count(*) FROM outbox_0 WHERE id LIKE 'good%' AND dispatched_at IS NULL";
  wait_until([&] { return database.scalar(left) == "0"; });
  CHECK(answers());
  wait_until([&] { return contains(pipe.drained(), "log lines were dropped, as standard error was not read"); });
  CHECK(contains(pipe.drained(), "is dead (payload is an array"));
  wait_until([&] {
    (void)pipe.drained();
    return database.scalar("SELECT count(*) FROM outbox_4 WHERE available_at < 'infinity'") == "0";
  });
  outboxd->signal(SIGTERM);
  wait_until([&] {
    (void)pipe.drained();
    return !outboxd->running();
  });
  CHECK(outboxd->wait() == 0);
  CHECK(contains(pipe.drained(), "outbox_4: ended: claimed 200, published 0"));
}

TEST_CASE("signals stop the daemon even if its log isn't read") {
  const auto database = contract_database();
  FullPipe pipe;
  SUBCASE("after one signal it stops in an orderly way") {
    const auto outboxd =
        start_redirected("2>" + pipe.path(), {"--poll-interval", "20ms"}, outboxd_environment(database));
    insert_rows(database, "a", new_stream("stalled"), 20);
    wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 20; });
    outboxd->signal(SIGTERM);
    CHECK(outboxd->wait() == 0);
  }
  SUBCASE("after two signals it ends at once") {
    const outboxd::test::PrivateRedis redis;
    const auto outboxd =
        start_redirected("2>" + pipe.path(), {"--poll-interval", "20ms"}, outboxd_environment(database, redis));
    redis.probe().command("CLIENT", "PAUSE", "60000", "WRITE");
    insert_rows(database, "a", "stream", 20);
    wait_until([&] { return count_rows(database, "locked_until IS NOT NULL") == 20; });
    outboxd->signal(SIGTERM);
    // Equal signals that come at the same time are merged.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    outboxd->signal(SIGTERM);
    CHECK(outboxd->wait(std::chrono::seconds(5)) == 128 + SIGTERM);
  }
  SUBCASE("a wrong configuration ends it, too") {
    const auto outboxd = start_redirected("2>" + pipe.path(), {"--batch", "many"}, outboxd_environment(database));
    CHECK(outboxd->wait() == 2);
  }
}

TEST_CASE("standard error may be closed, or a pipe whose reader is gone") {
  const auto database = contract_database();
  const auto environment = outboxd_environment(database);
  for (const std::string redirection : {"2>&-", "2> >(true)"}) {
    CAPTURE(redirection);
    std::vector<std::string> command{outboxd::test::find_program("bash"), "-c",
                                     "exec \"$0\" --poll-interval 20ms " + redirection, outboxd_program()};
    Child outboxd(outboxd::test::ChildOptions{.command = command, .environment = environment});
    insert_rows(database, redirection.substr(0, 4), new_stream("closed"), 20);
    wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
    outboxd.signal(SIGTERM);
    CHECK(outboxd.wait() == 0);
  }
}

TEST_CASE("a report that isn't read only changes the status of --once; a file and a slow reader get all of it") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream("report"), 20);
  FullPipe pipe;
  const auto stalled = start_redirected(">" + pipe.path(), {"--once"}, outboxd_environment(database));
  CHECK(stalled->wait() == 1);
  CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 20);
  CHECK(contains(stalled->err(), "could not be written to standard output: its reader took nothing for 5000 ms"));
  const auto full = start_redirected(">/dev/full", {"--once"}, outboxd_environment(database));
  CHECK(full->wait() == 1);
  CHECK(contains(full->err(), "could not be written to standard output: No space left on device"));
  const auto piped = start_redirected("| cat", {"--once"}, outboxd_environment(database));
  CHECK(piped->wait() == 0);
  CHECK(once_counts(piped->out()).status == "all_published");
}

TEST_CASE("a service manager that doesn't read doesn't stop the daemon") {
  const auto database = contract_database();
  const TempDir folder;
  const auto path = (folder / "notify").string();
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(manager, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  // The service manager's queue is full.
  const int other = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  while (::sendto(other, "x", 1, 0, reinterpret_cast<sockaddr*>(&address), sizeof address) == 1) {
  }
  const auto outboxd = outboxd::test::start_outboxd(
      {"--poll-interval", "20ms"},
      with(outboxd_environment(database), {{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "20000"}}));
  insert_rows(database, "a", new_stream("manager"), 20);
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 20; });
  // When it reads, it gets the notification that the daemon is ready.
  std::array<char, 512> buffer{};
  wait_until([&] {
    const auto got = ::recv(manager, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got > 0 && std::string_view(buffer.data(), static_cast<std::size_t>(got)) == "READY=1";
  });
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
  ::close(other);
  ::close(manager);
}
