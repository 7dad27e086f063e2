// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

// A worker shows that it lives by a shared session-level advisory lock (PostgreSQL manual, "Advisory Locks") named
// after it, which Postgres drops with the worker's last session. Whoever gets the exclusive lock of that name for a
// moment knows that nobody holds it. Needs no table and no rights.

/// Takes the lock for the session; waits for the moment in which another worker looks.
[[nodiscard]] std::string take_worker_lock_sql(std::string_view worker);

/// A condition that is true when no session holds the lock of the worker that `expression` names.
[[nodiscard]] std::string worker_is_gone_sql(std::string_view expression);

}  // namespace outboxd::postgres
