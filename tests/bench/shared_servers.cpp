// SPDX-License-Identifier: Apache-2.0
// The support library's helpers for tests on shared servers want these to exist; here every fault has servers of its
// own.
#include "support/shared_servers.hpp"

#include <stdexcept>

namespace outboxd::test {

PrivatePostgres& shared_postgres() {
  throw std::logic_error("the fault matrix shares no servers");
}

PrivateRedis& shared_redis() {
  throw std::logic_error("the fault matrix shares no servers");
}

}  // namespace outboxd::test
