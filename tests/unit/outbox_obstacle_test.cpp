// SPDX-License-Identifier: Apache-2.0
#include "outbox/obstacle.hpp"

#include <doctest/doctest.h>

#include <string>

namespace outboxd {

TEST_CASE("obstacles: a reply of Redis shows why it can't be used") {
  const auto of = [](Fault fault, const char* text) { return std::string{to_string(obstacle_in({fault, text}))}; };
  CHECK(of(Fault::redis_unreachable, "cannot connect to Redis at 127.0.0.1:1/0: Connection refused") ==
        "unreachable");
  CHECK(of(Fault::unanswered, "no answer in time") == "unreachable");
  CHECK(of(Fault::redis_login_refused, "Redis at h:1/0 refuses AUTH: ERR invalid password") == "login_refused");
  CHECK(of(Fault::redis_unavailable, "NOAUTH Authentication required.") == "login_refused");
  CHECK(of(Fault::redis_unavailable, "OOM command not allowed when used memory > 'maxmemory'.") == "out_of_memory");
  CHECK(of(Fault::redis_unavailable, "READONLY You can't write against a read only replica.") == "read_only");
  CHECK(of(Fault::redis_unreachable, "Redis at h:1/0 refuses PING: LOADING Redis is loading") == "loading");
  CHECK(of(Fault::redis_unavailable, "MISCONF Errors writing to the AOF file: *") == "refused");
  CHECK(of(Fault::redis_unavailable, "NOPERM User * has no permissions to run the 'xadd' command") == "refused");
  // A word of a name is none of Redis'.
  CHECK(of(Fault::redis_unreachable, "cannot connect to Redis at ROOMOOM:1/0") == "unreachable");
}

TEST_CASE("obstacles: a reply of Redis shows why it refuses a stream") {
  const auto of = [](const char* text) { return std::string{stream_obstacle_in(text)}; };
  CHECK(of("WRONGTYPE Operation against a key holding the wrong kind of value") == "wrong_type");
  CHECK(of("NOPERM No permissions to access a key") == "no_permission");
  CHECK(of("MOVED 1234 ***") == "another_node");
  CHECK(of("CROSSSLOT Keys in request don't hash to the same slot") == "another_node");
  CHECK(of("ERR something new") == "other");
}

TEST_CASE("obstacles: each failed try has a label") {
  CHECK(std::string{failure_label(Server::redis, Obstacle::login_refused)} == "redis_login_refused");
  CHECK(std::string{failure_label(Server::redis, Obstacle::loading)} == "redis_unavailable");
  CHECK(std::string{failure_label(Server::postgres, Obstacle::login_refused)} == "postgres_login_refused");
  CHECK(std::string{failure_label(Server::postgres, Obstacle::refused)} == "postgres_refused");
  CHECK(std::string{failure_label(Server::postgres, Obstacle::unfit)} == "table_unfit");
}

}  // namespace outboxd
