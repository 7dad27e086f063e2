// SPDX-License-Identifier: Apache-2.0
// Functions of the fault proxy whose failure no other test would notice.
#include "support/fault_proxy.hpp"

#include "support/redis_probe.hpp"
#include "support/shared_servers.hpp"

#include <doctest/doctest.h>

using outboxd::test::FaultProxy;
using outboxd::test::RedisProbe;
using outboxd::test::shared_redis;

TEST_CASE("a proxy that stops listening refuses new connections, keeps old ones, and listens again on its port") {
  FaultProxy proxy(shared_redis().port());
  RedisProbe old(proxy.port());
  CHECK(old.command("PING").text == "PONG");
  for (int i = 0; i < 3; ++i) {
    proxy.go_away(true);
    CHECK_THROWS_WITH(RedisProbe(proxy.port()), doctest::Contains("refused"));
    CHECK(old.command("PING").text == "PONG");
    proxy.go_away(false);
    CHECK(RedisProbe(proxy.port()).command("PING").text == "PONG");
  }
}
