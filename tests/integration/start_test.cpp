// SPDX-License-Identifier: Apache-2.0
// Servers that are unreachable at the start or later, and the stop signals.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <csignal>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::create_contract_table;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_rows;
using outboxd::test::occurrences;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivatePostgres;
using outboxd::test::PrivateRedis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

// Without a subcommand it runs as a daemon.
const std::vector<std::string> kRun{"--http-listen", "127.0.0.1:0", "--probe-min", "20ms", "--probe-max", "100ms"};

std::string log_of(const Child& outboxd) {
  return outboxd.out() + outboxd.err();
}

/// Whether there are lines with `part`, and all of them differ by more than their times.
bool says_each_reason_once(const Child& outboxd, const std::string& part) {
  std::set<std::string> seen;
  bool each_once = true;
  std::istringstream lines{log_of(outboxd)};
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(part);
    if (at != std::string::npos) each_once = seen.insert(line.substr(at)).second && each_once;
  }
  return each_once && !seen.empty();
}

void wait_until_ready(std::uint16_t port) {
  wait_until([&] { return http_get(port, "/readyz").status == 200; }, std::chrono::seconds(20), "/readyz to say 200");
}

/// Waits until /readyz answers 503 and names the server.
void wait_until_waiting_for(const std::string& server, std::uint16_t port) {
  wait_until(
      [&] {
        const auto ready = http_get(port, "/readyz");
        return ready.status == 503 && contains(ready.body, server + " is unavailable");
      },
      std::chrono::seconds(20), "/readyz to name " + server);
  CHECK(http_get(port, "/healthz").status == 200);
}

/// Listens on the port of an absent server and closes each connection, to count the attempts.
class Bouncer {
 public:
  explicit Bouncer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 8) != 0) {
      throw std::runtime_error("port " + std::to_string(port) + " is not free");
    }
  }
  Bouncer(const Bouncer&) = delete;
  Bouncer& operator=(const Bouncer&) = delete;
  ~Bouncer() { ::close(fd_); }

  void turn_away(int visitors) const {
    for (int i = 0; i < visitors; ++i) {
      const int visitor = ::accept(fd_, nullptr, nullptr);
      if (visitor < 0) throw std::runtime_error("there was no attempt to connect");
      ::close(visitor);
    }
  }

 private:
  int fd_;
};

void end_politely(Child& outboxd) {
  outboxd.signal(SIGTERM);
  CHECK(outboxd.wait() == 0);
  CHECK(occurrences(log_of(outboxd), "ended: claimed ") == 1);
}

}  // namespace

TEST_CASE(
    "both servers unreachable at the start: it waits, logs each reason once, and starts when they are reachable") {
  PrivatePostgres postgres;
  PrivateRedis redis;
  const auto database = postgres.create_database();
  create_contract_table(database);
  insert_rows(database, "a", "stream", 200);
  postgres.stop();
  redis.stop();
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  wait_until_waiting_for("Postgres", port);
  Bouncer(postgres.port()).turn_away(5);
  CHECK(says_each_reason_once(*outboxd, "Postgres is unavailable"));
  postgres.start();
  wait_until_waiting_for("Redis", port);
  Bouncer(redis.port()).turn_away(5);
  CHECK(says_each_reason_once(*outboxd, "Redis is unavailable"));
  CHECK(count_rows(database, "attempts > 0 OR locked_until IS NOT NULL") == 0);
  redis.start();
  wait_until_ready(port);
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
  CHECK(redis.probe().xlen("stream") == 200);
  CHECK(count_rows(database, "attempts <> 1") == 0);
  CHECK(says_each_reason_once(*outboxd, "Postgres is unavailable"));
  CHECK(says_each_reason_once(*outboxd, "Redis is unavailable"));
  end_politely(*outboxd);
}

TEST_CASE("only Redis or only Postgres unreachable: SIGTERM ends the wait with status 0") {
  const auto database = contract_database();
  for (const auto& [server, changes] : std::vector<std::pair<std::string, outboxd::test::Environment>>{
           {"Redis", {{"REDIS_URL", "redis://127.0.0.1:1/0"}}},
           {"Postgres", {{"DATABASE_URL", "postgresql://postgres@127.0.0.1:1/none"}}}}) {
    for (const int number : {SIGTERM, SIGINT}) {
      const auto outboxd = start_outboxd(kRun, with(outboxd_environment(database), changes));
      wait_until_waiting_for(server, http_port(*outboxd));
      outboxd->signal(number);
      CHECK(outboxd->wait() == 0);
      CHECK(occurrences(log_of(*outboxd), "ended: claimed 0") == 1);
    }
  }
}

TEST_CASE("SIGTERM in the middle of work: claimed rows are settled, the others are untouched") {
  const auto database = contract_database();
  const auto stream = outboxd::test::new_stream("interrupted");
  insert_rows(database, "a", stream, 20000);
  // Batches of one row, so that the work takes some time.
  auto command = kRun;
  command.insert(command.end(), {"--batch", "1"});
  const auto outboxd = start_outboxd(command, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") > 0; });
  end_politely(*outboxd);
  const auto published = count_rows(database, "dispatched_at IS NOT NULL");
  CHECK(published > 0);
  CHECK(published < 20000);
  CHECK(outboxd::test::shared_redis().probe().xlen(stream) == published);
  CHECK(count_rows(database, "dispatched_at IS NULL AND (attempts > 0 OR locked_until IS NOT NULL)") == 0);
}

TEST_CASE("a second SIGTERM ends it at once; the rows in flight are free when their lease ends") {
  PrivateRedis redis;
  const auto database = contract_database();
  auto command = kRun;
  for (const char* word : {"--redis-timeout", "60s", "--lease", "300s", "--shutdown-timeout", "120s"}) {
    command.emplace_back(word);
  }
  const auto outboxd = start_outboxd(command, outboxd_environment(database, redis));
  wait_until_ready(http_port(*outboxd));
  redis.pause();
  insert_rows(database, "a", "stream", 5);
  wait_until([&] { return count_rows(database, "locked_until IS NOT NULL") == 5; });
  outboxd->signal(SIGTERM);
  wait_until([&] { return contains(log_of(*outboxd), "SIGTERM: finishing"); });
  CHECK(outboxd->running());
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait(std::chrono::seconds(20)) == 128 + SIGTERM);
  redis.resume();
  CHECK(count_rows(database, "locked_until > now() AND attempts = 1 AND dispatched_at IS NULL") == 5);
}

TEST_CASE("Redis is down for a while: no row dies, loses an attempt or is lost") {
  PrivateRedis redis;
  const auto database = contract_database();
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  insert_rows(database, "before", "before", 50);
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
  redis.stop();
  insert_rows(database, "during", "during", 500);
  wait_until_waiting_for("Redis", port);
  Bouncer(redis.port()).turn_away(5);
  wait_until([&] { return count_rows(database, "locked_until IS NOT NULL") == 0; });
  CHECK(count_rows(database, "id LIKE 'during%' AND attempts = 0 AND available_at <= now()") == 500);
  redis.start();
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
  wait_until_ready(port);
  CHECK(redis.probe().xlen("during") == 500);
  CHECK(count_rows(database, "attempts <> 1") == 0);
  end_politely(*outboxd);
}

TEST_CASE("no row dies of a full Redis") {
  PrivateRedis redis({"maxmemory-policy noeviction"});
  const auto database = contract_database();
  redis.probe().command("CONFIG", "SET", "maxmemory", "1");
  insert_rows(database, "a", "stream", 100);
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  wait_until_waiting_for("Redis", port);
  CHECK(contains(http_get(port, "/readyz").body, "OOM"));
  const auto refusals = [&] {
    const auto stats = redis.probe().command("INFO", "errorstats").text;
    const auto at = stats.find("errorstat_OOM:count=");
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + 20));
  };
  wait_until([&] { return refusals() >= 5; });
  CHECK(count_rows(database, "available_at = 'infinity' OR attempts > 1 OR dispatched_at IS NOT NULL") == 0);
  redis.probe().command("CONFIG", "SET", "maxmemory", "0");
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
  CHECK(redis.probe().xlen("stream") == 100);
  CHECK(count_rows(database, "attempts <> 1") == 0);
  end_politely(*outboxd);
}
