// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "postgres/statements.hpp"

namespace outboxd::outbox_store {

/// Who holds the oldest snapshot that keeps rows of this database which are gone, as far as this role may see it. The
/// result's `took` is left alone. Blocks; throws what libpqxx throws.
[[nodiscard]] dispatch::SlowLook find_snapshot_holder(postgres::Statements& statements);

}  // namespace outboxd::outbox_store
