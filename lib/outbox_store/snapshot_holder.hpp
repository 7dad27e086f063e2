// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "postgres/statements.hpp"

namespace outboxd::outbox_store {

/// The holder of the oldest snapshot that keeps deleted row versions of this database, as far as this role may see
/// it. Does not set the result's `took`. Blocks; throws libpqxx's exceptions.
[[nodiscard]] dispatch::SlowLook find_snapshot_holder(postgres::Statements& statements);

}  // namespace outboxd::outbox_store
