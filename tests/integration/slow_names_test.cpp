// SPDX-License-Identifier: Apache-2.0
// A name server that doesn't answer: what waits for it is left alone, and the daemon's own time-outs hold.
#include "redis/publisher.hpp"
#include "support/gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <cstring>
#include <dlfcn.h>
#include <netdb.h>

namespace {

/// Who asks for the name slow.test waits here.
outboxd::test::Gate& name_server() {
  static outboxd::test::Gate gate;
  return gate;
}

}  // namespace

/// In place of libc's, for this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  if (host != nullptr && std::strcmp(host, "slow.test") == 0) {
    name_server().pass();
    return EAI_NONAME;
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, found);
}

TEST_CASE("a name that is not found in time is Redis being away, after connect_timeout") {
  boost::asio::io_context loop;
  outboxd::redis::PublisherOptions options;
  options.endpoint.host = "slow.test";
  options.endpoint.port = 6379;
  options.endpoint.shown = "slow.test:6379";
  options.connect_timeout = std::chrono::milliseconds{150};
  outboxd::redis::Publisher publisher{loop.get_executor(), options, [](const std::string&) {}};
  std::vector<outboxd::Reply> replies;
  boost::asio::co_spawn(loop, publisher.probe(""), [&](const std::exception_ptr&, outboxd::Reply reply) {
    replies.push_back(std::move(reply));
    // Only now: the answer above has not waited for it.
    name_server().open();
  });
  loop.run();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].fault == outboxd::Fault::redis_away);
  CAPTURE(replies[0].text);
  CHECK(replies[0].text.find("slow.test:6379: no answer in time") != std::string::npos);
}
