// SPDX-License-Identifier: Apache-2.0
// For programs without shared servers: the helpers refer to these functions, so they must exist.
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
