// SPDX-License-Identifier: Apache-2.0
// For programs that start servers of their own for everything: the helpers for tests on shared servers want these to
// exist.
#include "support/shared_servers.hpp"

#include <stdexcept>

namespace outboxd::test {

PrivatePostgres& shared_postgres() {
  throw std::logic_error("this program shares no servers");
}

PrivateRedis& shared_redis() {
  throw std::logic_error("this program shares no servers");
}

}  // namespace outboxd::test
