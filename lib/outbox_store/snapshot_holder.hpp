// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "postgres/statements.hpp"

namespace outboxd::postgres {

/// Who holds the oldest snapshot that keeps rows of this database which are gone, as far as this role may see it. The
/// result's `took` is left alone. Blocks; throws what libpqxx throws.
[[nodiscard]] dispatch::SlowLook find_snapshot_holder(Statements& statements);

}  // namespace outboxd::postgres
