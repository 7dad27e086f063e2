// SPDX-License-Identifier: Apache-2.0
// Abusive HTTP clients, and a daemon that keeps working.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/socket.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Environment;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::occurrences;
using outboxd::test::outboxd_environment;
using outboxd::test::outboxd_program;
using outboxd::test::read_file;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

const std::vector<std::string> kRun{"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"};

/// A client that sends as many requests as the sockets take, and never reads an answer.
class Glutton {
 public:
  explicit Glutton(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    constexpr int kSmall = 4096;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &kSmall, sizeof kSmall);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    std::string requests;
    for (int i = 0; i < 1000; ++i) requests += "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
    static_cast<void>(::send(socket_, requests.data(), requests.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  ~Glutton() { ::close(socket_); }
  Glutton(const Glutton&) = delete;
  Glutton& operator=(const Glutton&) = delete;

 private:
  int socket_;
};

std::vector<std::unique_ptr<Glutton>> gluttons(std::uint16_t port, std::size_t count) {
  std::vector<std::unique_ptr<Glutton>> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(std::make_unique<Glutton>(port));
  return all;
}

}  // namespace

TEST_CASE("clients that pipeline /metrics and never read keep no probe out, and rows are published meanwhile") {
  const auto database = contract_database();
  // A long page, so that few answers fill the sockets' buffers.
  const auto stream = new_stream();
  std::string streams = stream;
  for (int i = 0; i < 190; ++i) streams += "," + std::string(200, 'x') + std::to_string(i);
  const auto outboxd = start_outboxd(kRun, with(outboxd_environment(database), {{"OUTBOXD_STREAMS", streams}}));
  const auto port = http_port(*outboxd);
  auto clients = gluttons(port, 64);
  insert_rows(database, "r", stream, 500);
  for (int i = 0; i < 400; ++i) {
    REQUIRE(http_get(port, "/healthz").status == 200);
    REQUIRE(http_get(port, "/readyz").status != 0);
    // These clients never disconnect by themselves.
    clients.push_back(std::make_unique<Glutton>(port));
  }
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
  CHECK(contains(http_get(port, "/metrics").body, "outboxd_ready"));
}

TEST_CASE("if descriptors are few, HTTP leaves enough for dispatching") {
  const auto database = contract_database();
  std::vector<std::string> command{"/bin/sh", "-c", R"(ulimit -n 64; exec "$@")", "sh", outboxd_program()};
  command.insert(command.end(), kRun.begin(), kRun.end());
  Child outboxd({.command = command, .environment = outboxd_environment(database)});
  const auto port = http_port(outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  auto clients = gluttons(port, 100);
  for (int round = 0; round < 3; ++round) {
    // The dispatcher must open all its connections again while all HTTP slots are taken.
    database.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'outboxd'");
    const auto more = gluttons(port, 40);
    insert_rows(database, "r" + std::to_string(round), new_stream(), 100);
    wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
    CHECK(http_get(port, "/healthz").status == 200);
  }
  CHECK(!contains(outboxd.err(), "can't be accepted"));
  CHECK(!contains(outboxd.err(), "Too many open files"));
}

TEST_CASE("wrong bearer tokens are counted, and logged with their address once a minute") {
  const auto database = contract_database();
  const auto outboxd =
      start_outboxd(kRun, with(outboxd_environment(database), {{"METRICS_BEARER", "the-token-of-the-scraper"}}));
  const auto port = http_port(*outboxd);
  for (int i = 0; i < 5; ++i) {
    CHECK(http_get(port, "/metrics", {{"Authorization", "Bearer guess" + std::to_string(i)}}).status == 401);
  }
  CHECK(http_get(port, "/metrics").status == 401);
  const auto metrics = http_get(port, "/metrics", {{"Authorization", "Bearer the-token-of-the-scraper"}});
  CHECK(metrics.status == 200);
  CHECK(contains(metrics.body, "\noutboxd_http_wrong_bearer_total 5\n"));
  outboxd->signal(SIGTERM);
  outboxd->wait();
  CHECK(occurrences(outboxd->err(), "127.0.0.1 sent a wrong bearer token") == 1);
  CHECK(!contains(outboxd->err(), "guess0"));
  CHECK(!contains(outboxd->err(), "can be guessed"));
}

TEST_CASE("a listener for other machines without a token, and a short token, cause warnings") {
  const auto database = contract_database();
  const auto log_of = [&](const std::string& listen, const Environment& changes) {
    const auto outboxd =
        start_outboxd({"run", "--http-listen", listen}, with(outboxd_environment(database), changes));
    static_cast<void>(http_port(*outboxd));
    outboxd->signal(SIGTERM);
    outboxd->wait();
    return outboxd->err();
  };
  const std::string exposed = "other machines may reach it, and /metrics asks for no bearer token";
  const std::string short_one = "http.bearer has 9 characters and can be guessed";
  CHECK(contains(log_of("0.0.0.0:0", {}), exposed));
  CHECK(!contains(log_of("0.0.0.0:0", {{"METRICS_BEARER", "the-token-of-the-scraper"}}), exposed));
  CHECK(!contains(log_of("127.0.0.1:0", {}), exposed));
  const auto with_short = log_of("127.0.0.1:0", {{"METRICS_BEARER", "the-token"}});
  CHECK(contains(with_short, short_one));
  CHECK(!contains(with_short, "the-token"));
}

TEST_CASE("secrets: no core dump; a readable key file and a weak key cause warnings; a FIFO is refused") {
  const auto database = contract_database();
  const outboxd::test::TempDir folder;
  const auto key = folder.write("key", std::string(64, '7')).string();
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  const auto environment =
      with(outboxd_environment(database), {{"STREAMS_HMAC_KEY", ""}, {"STREAMS_HMAC_KEY_FILE", key}});
  const auto outboxd = start_outboxd(kRun, environment);
  wait_until([&] { return contains(outboxd->err(), "the key is one byte again and again"); });
  CHECK(contains(outboxd->err(), key + " can be read by every user of this machine (mode 0644)"));
  const auto limits = read_file("/proc/" + std::to_string(outboxd->pid()) + "/limits");
  const auto core = limits.substr(limits.find("Max core file size"));
  CHECK(contains(core.substr(0, core.find('\n')), " 0                    0 "));
  const auto check = outboxd::test::run_outboxd({"config", "check"}, environment);
  CHECK(check.status == 0);
  CHECK(contains(check.err, "warning: environment STREAMS_HMAC_KEY_FILE: signing.key_file: "));

  const auto fifo = (folder / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto refused = outboxd::test::run_outboxd({"run"}, with(environment, {{"STREAMS_HMAC_KEY_FILE", fifo}}));
  CHECK(refused.status == 2);
  CHECK(contains(refused.err, fifo + ": is a FIFO"));
}

TEST_CASE("a password that is a common word is masked only at the places of passwords") {
  const auto database = contract_database();
  const auto closed = std::to_string(outboxd::test::free_port());
  const auto outboxd = start_outboxd(
      kRun, with(outboxd_environment(database),
                 {{"REDIS_URL", "redis://:unavailable@127.0.0.1:" + closed + "/0"}, {"METRICS_BEARER", "redis"}}));
  wait_until([&] { return contains(outboxd->err(), "Redis is unavailable ("); });
  CHECK(!contains(outboxd->err(), "***"));
  CHECK(!contains(outboxd->err(), ":unavailable@"));
}
