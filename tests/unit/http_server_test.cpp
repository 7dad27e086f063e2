// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace outboxd::http;

namespace {

/// More bytes than the buffers of two sockets hold.
constexpr std::size_t kHugeBytes = 32'000'000;

/// This many answers of this size exceed the buffers, too, while the server holds only one of them at a time.
constexpr std::size_t kLongBytes = 320'000;
constexpr std::size_t kLongAnswers = 99;

std::function<Page()> always(Page page) {
  return [page = std::move(page)] { return page; };
}

Routes test_routes() {
  return {
      {"/metrics", {always({200, "up 1\n", kMetricsText}), true}},
      {"/healthz", {.page = always({200, "ok\n"}), .probe = true}},
      {"/readyz", {.page = always({503, "outbox: Redis is unavailable\n"}), .probe = true}},
      {"/huge", {always({200, std::string(kHugeBytes, 'x')})}},
      {"/long", {always({200, std::string(kLongBytes, 'x')})}},
  };
}

ServerOptions local_options() {
  return {.listen = "127.0.0.1:0", .bearer = ""};
}

/// A server on a loop that a thread of its own runs. Its end waits until the loop has nothing left to do.
class Running {
 public:
  explicit Running(ServerOptions options = local_options())
      : server_(std::make_unique<Server>(loop_.get_executor(), std::move(options), test_routes())),
        port_(server_->port()),
        thread_([this] { loop_.run(); }) {}
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(loop_, [this] { server_.reset(); });
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  boost::asio::io_context loop_{1};
  std::unique_ptr<Server> server_;
  std::uint16_t port_;
  std::thread thread_;
};

/// A client that sends exactly the given bytes.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0, const char* from = nullptr) : Client() {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (from != nullptr) bind(from);
    connect(port);
  }
  Client() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    // So that a server that never answers fails the test instead of hanging it.
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void bind(const char* from) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    REQUIRE(::inet_pton(AF_INET, from, &address.sin_addr) == 1);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }

  void connect(std::uint16_t port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return;  // the server has hung up already, which the test reads next
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Everything until the server hangs up; a reset counts as that.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }

  /// One response with the body that its header announces; `head` where none follows.
  std::string response(bool head = false) {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    end += 4;
    const std::size_t size = end + (head ? 0 : announced_length(received_.substr(0, end)));
    while (received_.size() < size && receive()) {
    }
    auto answer = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  /// The number of bytes that one read brought; 0 at the end.
  [[nodiscard]] std::size_t take(std::size_t most) const {
    std::string buffer(most, '\0');
    const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }

  std::string ask(std::string_view request, bool head = false) {
    send(request);
    return response(head);
  }

 private:
  bool receive() {
    std::array<char, 16384> buffer{};
    const auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  static std::size_t announced_length(const std::string& header) {
    const auto at = header.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(header.substr(at + 16));
  }

  int socket_;
  std::string received_;
};

bool has_status(const std::string& response, int status) {
  return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

std::string requests_for_long_answers() {
  std::string requests;
  for (std::size_t i = 0; i < kLongAnswers; ++i) requests += "GET /long HTTP/1.1\r\nHost: h\r\n\r\n";
  return requests;
}

constexpr const char* kHealthz = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";

/// A sink that counts the lines that contain `part`.
class CountedLines final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CountedLines(std::string part) : part_(std::move(part)) {}
  [[nodiscard]] int count() const { return count_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    if (text.find(part_) != std::string_view::npos) ++count_;
  }
  void flush_() override {}

  std::string part_;
  std::atomic<int> count_ = 0;
};

/// Takes all free descriptors of the process while it exists.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit few = before_;
    few.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (int taken = ::dup(0); taken >= 0; taken = ::dup(0)) taken_.push_back(taken);
  }
  ~NoDescriptors() {
    // First: while one descriptor alone is free, the server takes a connection with it and must let it go again.
    ::setrlimit(RLIMIT_NOFILE, &before_);
    for (const int taken : taken_) ::close(taken);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

}  // namespace

TEST_CASE("http server: pages, on one connection kept alive") {
  const Running server;
  Client client(server.port());
  const auto health = client.ask(kHealthz);
  CHECK(has_status(health, 200));
  CHECK(health.ends_with("\r\n\r\nok\n"));
  const auto ready = client.ask("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(has_status(ready, 503));
  CHECK(ready.ends_with("outbox: Redis is unavailable\n"));
  const auto metrics = client.ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(metrics.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(has_status(client.ask("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"), 404));
  CHECK(has_status(client.ask("POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"), 405));
  CHECK(has_status(client.ask(kHealthz), 200));
}

TEST_CASE("http server: HEAD is the header of GET, without the body") {
  const Running server;
  Client client(server.port());
  const auto head = client.ask("HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n", true);
  CHECK(has_status(head, 200));
  CHECK(head.find("Content-Length: 3\r\n") != std::string::npos);
  // Were there a body, it would be taken for the beginning of this response.
  CHECK(has_status(client.ask(kHealthz), 200));
}

TEST_CASE("http server: requests sent in one packet are answered in order") {
  const Running server;
  Client client(server.port());
  client.send(std::string(kHealthz) + "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n" + kHealthz);
  CHECK(has_status(client.response(), 200));
  CHECK(has_status(client.response(), 503));
  CHECK(has_status(client.response(), 200));
}

TEST_CASE("http server: hangs up after HTTP/1.0 and Connection: close") {
  const Running server;
  for (const char* request :
       {"GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"}) {
    Client client(server.port());
    client.send(request);
    CHECK(client.rest().ends_with("ok\n"));
  }
}

TEST_CASE("http server: bad requests are answered and hung up on, and others go on") {
  const Running server;
  Client bystander(server.port());
  CHECK(has_status(bystander.ask(kHealthz), 200));
  struct Case {
    std::string request;
    int status;
  };
  const std::vector<Case> cases{
      {"nonsense\r\n\r\n", 400},
      {"GET /healthz HTTP/3.7\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
      {"GET /" + std::string(1, '\0') + " HTTP/1.1\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(200'000, 'x') + " HTTP/1.1\r\n\r\n", 431},
      {"GET /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 413},
      {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 413},
      {"POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 405},
      {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n", 501},
      {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n", 501},
      {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.request.substr(0, 60));
    Client client(server.port());
    client.send(bad.request);
    const auto answer = client.rest();
    CAPTURE(answer);
    CHECK(has_status(answer, bad.status));
    // A body must not be taken for a second request.
    CHECK(answer.find("HTTP/1.1", 1) == std::string::npos);
  }
  CHECK(has_status(bystander.ask(kHealthz), 200));
}

TEST_CASE("http server: the bearer token guards the metrics alone") {
  auto options = local_options();
  options.bearer = "t0ken-of-the-scraper";
  const Running server(std::move(options));
  Client client(server.port());
  const auto refused = client.ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(has_status(refused, 401));
  CHECK(refused.find("WWW-Authenticate: Bearer\r\n") != std::string::npos);
  const std::string header = "GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ";
  CHECK(has_status(client.ask(header + "wrong\r\n\r\n"), 401));
  CHECK(has_status(client.ask(header + "t0ken-of-the-scraper\r\n\r\n"), 200));
  CHECK(has_status(client.ask(kHealthz), 200));
}

TEST_CASE("http server: silent and slow clients are hung up on") {
  auto options = local_options();
  options.deadline = 50ms;
  const Running server(std::move(options));
  Client silent(server.port());
  CHECK(silent.rest().empty());
  Client slow(server.port());
  slow.send("GET /heal");
  CHECK(slow.rest().empty());
  Client after_one(server.port());
  CHECK(has_status(after_one.ask(kHealthz), 200));
  CHECK(after_one.rest().empty());
}

TEST_CASE("http server: a client that doesn't take its answer is hung up on") {
  auto options = local_options();
  options.deadline = 50ms;
  const Running server(std::move(options));
  Client client(server.port(), 4096);
  client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
  // Nothing is read until the deadline has passed, which another connection's silence proves.
  for (int i = 0; i < 3; ++i) CHECK(Client(server.port()).rest().empty());
  CHECK(client.rest().size() < kHugeBytes);
}

TEST_CASE("http server: a client that reads its answer too slowly is hung up on, too") {
  auto options = local_options();
  options.deadline = 100ms;
  const Running server(std::move(options));
  Client client(server.port(), 4096);
  client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
  std::size_t taken = 0;
  while (const auto size = client.take(1024)) {
    taken += size;
    std::this_thread::sleep_for(1ms);
  }
  CHECK(taken < kHugeBytes);
}

TEST_CASE("http server: clients that leave their answers unread keep no probe out") {
  const Running server;
  const auto requests = requests_for_long_answers();

  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<Client>(server.port(), 4096));
    clients.back()->send(requests);
  }
  for (int i = 0; i < 200; ++i) {
    REQUIRE(has_status(Client(server.port()).ask(kHealthz), 200));
    // These clients never disconnect by themselves.
    clients.push_back(std::make_unique<Client>(server.port(), 4096));
    clients.back()->send(requests);
  }
}

TEST_CASE("http server: a blocked writer is evicted before an idle client, and pages leave slots for probes") {
  auto options = local_options();
  options.max_connections = 16;
  const Running server(std::move(options));
  Client silent(server.port());
  CHECK(has_status(silent.ask(kHealthz), 200));
  std::vector<std::unique_ptr<Client>> blocked;
  for (int i = 0; i < 15; ++i) {
    blocked.push_back(std::make_unique<Client>(server.port(), 4096));
    blocked.back()->send(requests_for_long_answers());
    CHECK(has_status(blocked.back()->response(true), 200));
  }
  // Longer than the 50 ms for which a new state is protected from eviction.
  std::this_thread::sleep_for(60ms);
  // All slots are taken, including all that pages may use.
  Client page(server.port());
  CHECK(has_status(page.ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"), 200));
  CHECK(blocked[0]->rest().size() < kLongAnswers * kLongBytes);
  CHECK(has_status(silent.ask(kHealthz), 200));
}

TEST_CASE("http server: one of a few slots is reserved for probes, too") {
  auto options = local_options();
  options.max_connections = 4;
  const Running server(std::move(options));
  std::vector<std::unique_ptr<Client>> blocked;
  for (int i = 0; i < 4; ++i) {
    blocked.push_back(std::make_unique<Client>(server.port(), 4096));
    blocked.back()->send(requests_for_long_answers());
    CHECK(has_status(blocked.back()->response(true), 200));
  }
  CHECK(std::ranges::any_of(blocked,
                            [](const auto& client) { return client->rest().size() < kLongAnswers * kLongBytes; }));
}

TEST_CASE("http server: a connection ends after its number of requests") {
  auto options = local_options();
  options.max_requests = 3;
  const Running server(std::move(options));
  Client client(server.port());
  client.send(std::string(kHealthz) + kHealthz + kHealthz + kHealthz + kHealthz);
  const auto answers = client.rest();
  std::size_t count = 0;
  for (auto at = answers.find("HTTP/1.1 200"); at != std::string::npos; at = answers.find("HTTP/1.1 200", at + 1)) {
    ++count;
  }
  CHECK(count == 3);
  CHECK(answers.find("Connection: close") > answers.rfind("HTTP/1.1 200"));
}

TEST_CASE("http server: wrong tokens are reported, and their check is delayed; the right token is still answered") {
  auto options = local_options();
  options.bearer = "t0ken-of-the-scraper";
  std::atomic<int> wrong = 0;
  options.wrong_token = [&wrong](const std::string& peer) { wrong += peer == "127.0.0.1" ? 1 : 100; };
  const Running server(std::move(options));
  const std::string header = "GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ";
  Client guesser(server.port());
  for (int i = 0; i < 5; ++i) CHECK(has_status(guesser.ask(header + "wrong\r\n\r\n"), 401));
  CHECK(wrong == 5);
  // A request without a token is no guess.
  CHECK(has_status(guesser.ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"), 401));
  CHECK(wrong == 5);
  // From here on the check of tokens is delayed; a scraper and probes are answered nevertheless.
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Client>> guessers;
  for (int i = 0; i < 20; ++i) {
    guessers.push_back(std::make_unique<Client>(server.port()));
    guessers.back()->send(header + "wrong\r\n\r\n");
  }
  Client scraper(server.port());
  scraper.send(header + "t0ken-of-the-scraper\r\n\r\n");
  CHECK(has_status(Client(server.port()).ask(kHealthz), 200));

  CHECK(has_status(scraper.response(), 200));
  for (auto& one : guessers) CHECK(has_status(one->response(), 401));
  CHECK(std::chrono::steady_clock::now() - begun >= 900ms);

  CHECK(wrong == 25);
}

TEST_CASE("http server: wrong tokens from one address neither delay nor evict a scraper at another") {
  auto options = local_options();
  options.bearer = "t0ken-of-the-scraper";
  const Running server(std::move(options));
  const std::string header = "GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ";
  Client guesser(server.port(), 0, "127.0.0.2");
  for (int i = 0; i < 6; ++i) CHECK(has_status(guesser.ask(header + "wrong\r\n\r\n"), 401));
  Client scraper(server.port());
  scraper.send(header + "t0ken-of-the-scraper\r\n\r\n");
  // If its token's check were delayed, the scraper would be the connection that has waited for longest, and evicted.
  std::vector<std::unique_ptr<Client>> guessers;
  for (int i = 0; i < 80; ++i) {
    guessers.push_back(std::make_unique<Client>(server.port(), 0, "127.0.0.2"));
    guessers.back()->send(header + "wrong\r\n\r\n");
  }
  CHECK(has_status(scraper.response(), 200));
}

TEST_CASE("http server: when all slots are taken, the oldest idle connection is evicted") {
  auto options = local_options();
  options.max_connections = 3;
  const Running server(std::move(options));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(server.port()));
    CHECK(has_status(clients.back()->ask(kHealthz), 200));
  }
  Client fourth(server.port());
  CHECK(has_status(fourth.ask(kHealthz), 200));
  CHECK(clients[0]->rest().empty());
  CHECK(has_status(clients[1]->ask(kHealthz), 200));
  CHECK(has_status(clients[2]->ask(kHealthz), 200));
}

TEST_CASE("http server: stop hangs up on the idle and lets the loop end") {
  Running server;
  Client idle(server.port());
  CHECK(has_status(idle.ask(kHealthz), 200));
  Client unfinished(server.port());
  unfinished.send("GET /healthz HT");
  server.stop();
  CHECK(idle.rest().empty());
  CHECK(unfinished.rest().empty());
}

TEST_CASE("http server: stop lets an answer that is being written finish") {
  Running server;
  Client client(server.port(), 4096);
  client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
  // The answer has begun, and is far larger than the sockets' buffers.
  std::string answer = client.response(true);
  CHECK(has_status(answer, 200));
  std::thread stopping([&server] { server.stop(); });
  answer += client.rest();
  stopping.join();
  CHECK(answer.size() > kHugeBytes);
}

TEST_CASE("http server: out of descriptors it retries with a pause, logs that once, and recovers") {
  const auto before = spdlog::default_logger();
  const auto lines = std::make_shared<CountedLines>("can't be accepted");
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("counted", lines));
  {
    const Running server;
    Client client;
    {
      const NoDescriptors none;
      client.connect(server.port());
      while (lines->count() == 0) std::this_thread::yield();
    }
    CHECK(has_status(client.ask(kHealthz), 200));
  }
  CHECK(lines->count() == 1);
  spdlog::set_default_logger(before);
}

TEST_CASE("http server: the error for an address that can't be used names the remedy") {
  const Running server;
  boost::asio::io_context loop;
  const auto listen = "127.0.0.1:" + std::to_string(server.port());
  const auto start = [&](const std::string& address) {
    const Server second(loop.get_executor(), {.listen = address, .bearer = ""}, {});
  };
  CHECK_THROWS_WITH_AS(start(listen), doctest::Contains(("\"" + listen + "\"").c_str()), ListenError);
  CHECK_THROWS_WITH_AS(start(listen), doctest::Contains("ddress already in use"), ListenError);
  CHECK_THROWS_WITH_AS(start(listen), doctest::Contains("\"off\""), ListenError);
  CHECK_THROWS_WITH_AS(start("203.0.113.1:0"), doctest::Contains("--http-listen"), ListenError);
  CHECK_THROWS_WITH_AS(start("no-such-host.invalid:1"), doctest::Contains("its host is not known"), ListenError);
  const auto may_pass = [&](const std::string& address) {
    try {
      start(address);
    } catch (const ListenError& error) {
      return error.kind() == ListenError::Kind::not_now;
    }
    return false;
  };
  for (const auto& address : {listen, std::string("203.0.113.1:0"), std::string("no-such-host.invalid:1")}) {
    CHECK_MESSAGE(may_pass(address), address);
  }
  CHECK(!may_pass("nonsense"));
}

TEST_CASE("http server: listens on IPv6 where the machine has it") {
  const int probe = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool available = probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  if (!available) return;
  const Running server({.listen = "[::1]:0", .bearer = ""});
  CHECK(server.port() != 0);
}
