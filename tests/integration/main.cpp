// SPDX-License-Identifier: Apache-2.0
#include "support/run_tests.hpp"
#include "support/shared_servers.hpp"

namespace outboxd::test {

PrivatePostgres& shared_postgres() {
  static PrivatePostgres server;
  return server;
}

PrivateRedis& shared_redis() {
  static PrivateRedis server;
  return server;
}

}  // namespace outboxd::test

int main(int argc, char** argv) {
  return outboxd::test::run_tests(argc, argv);
}
