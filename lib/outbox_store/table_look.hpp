// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/row_store_options.hpp"
#include "outbox_table/inspect.hpp"

namespace outboxd::outbox_store {

/// Whether a table is fit for this use, over a session of its own that ends with the look. Takes no worker's name,
/// and drives nothing. Throws std::invalid_argument for a table name that can't be one.
[[nodiscard]] dispatch::Awaitable<dispatch::StoreResult<outbox_table::TableReport>> look_at_table(
    RowStoreOptions options, outbox_table::TableUse use);

}  // namespace outboxd::outbox_store
