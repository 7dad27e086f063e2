// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/private_postgres.hpp"
#include "support/private_redis.hpp"

namespace outboxd::test {

/// One Postgres for the whole test process, started at the first call and ended with the process. Take a database of
/// your own from it. A test that stops, kills or pauses its server makes a PrivatePostgres of its own instead.
PrivatePostgres& shared_postgres();

/// One Redis for the whole test process, likewise. Use stream names of your own.
PrivateRedis& shared_redis();

}  // namespace outboxd::test
