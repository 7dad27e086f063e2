// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/inspect.hpp"
#include "postgres/row_store.hpp"

namespace outboxd::postgres {

/// Whether a table is fit for this use, over a session of its own that ends with the look. Takes no worker's name,
/// and drives nothing. Throws std::invalid_argument for a table name that can't be one.
[[nodiscard]] dispatch::Awaitable<dispatch::StoreResult<TableReport>> look_at_table(RowStoreOptions options,
                                                                                    TableUse use);

}  // namespace outboxd::postgres
