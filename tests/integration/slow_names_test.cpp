// SPDX-License-Identifier: Apache-2.0
// A name server that doesn't answer: the daemon's own time-outs hold, and other work goes on.
#include "redis/publisher.hpp"
#include "support/fake_redis.hpp"
#include "support/gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <netdb.h>

using outboxd::Fault;
using outboxd::redis::Publisher;
using outboxd::test::FakeRedis;

namespace {

/// Look-ups of the name slow.test wait at this gate.
outboxd::test::Gate& name_server() {
  static outboxd::test::Gate gate;
  return gate;
}

std::atomic<int>& questions() {
  static std::atomic<int> asked = 0;
  return asked;
}

Publisher publisher_to(boost::asio::io_context& loop, const std::string& host, std::uint16_t port,
                       std::chrono::milliseconds connect_timeout) {
  outboxd::redis::PublisherOptions options;
  options.endpoint.host = host;
  options.endpoint.port = port;
  options.endpoint.shown = host;
  options.connect_timeout = connect_timeout;
  return {loop.get_executor(), options, [](const std::string&) {}};
}

/// Probes Redis; the result is in `reply` when the loop has run.
void probe(boost::asio::io_context& loop, Publisher& publisher, outboxd::Reply& reply) {
  reply = {Fault::stopping, "no reply yet"};
  boost::asio::co_spawn(loop, publisher.probe(""),
                        [&reply](const std::exception_ptr&, outboxd::Reply got) { reply = std::move(got); });
}

}  // namespace

/// Replaces libc's function in this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  if (host != nullptr && std::strcmp(host, "slow.test") == 0) {
    ++questions();
    name_server().pass();
    host = "127.0.0.1";
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, found);
}

TEST_CASE("a slow look-up of a name holds up no other, and isn't repeated until it has ended") {
  FakeRedis server(outboxd::test::answering(outboxd::test::healthy_answer));
  FakeRedis others(outboxd::test::answering(outboxd::test::healthy_answer));
  boost::asio::io_context loop;
  auto slow = publisher_to(loop, "slow.test", server.port(), std::chrono::milliseconds{150});
  auto other = publisher_to(loop, "localhost", others.port(), std::chrono::seconds{10});
  outboxd::Reply reply;
  outboxd::Reply reply_of_other;
  for (int round = 0; round < 2; ++round) {
    probe(loop, slow, reply);
    probe(loop, other, reply_of_other);
    // The publisher ends, although the look-up goes on.
    loop.run();
    loop.restart();
    CHECK(reply.fault == Fault::redis_unreachable);
    CAPTURE(reply.text);
    CHECK(reply.text.find("slow.test: no answer in time") != std::string::npos);
    CHECK(reply_of_other.fault == Fault::none);
  }
  name_server().open();
  do {
    probe(loop, slow, reply);
    loop.run();
    loop.restart();
  } while (reply.fault == Fault::redis_unreachable);
  CHECK(reply.fault == Fault::none);
  CHECK(questions() == 1);
}
