// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/private_postgres.hpp"
#include "support/private_redis.hpp"

namespace outboxd::test {

/// One Postgres for the whole test process, started at the first call and ended with the process. Each test creates
/// its own database in it. A test that stops, kills or pauses its server starts a PrivatePostgres instead.
PrivatePostgres& shared_postgres();

/// One Redis for the whole test process, likewise. Each test uses its own stream names.
PrivateRedis& shared_redis();

}  // namespace outboxd::test
