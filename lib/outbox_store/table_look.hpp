// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/row_store_options.hpp"
#include "outbox_table/inspect.hpp"

namespace outboxd::outbox_store {

/// Checks whether a table is fit for use, over a session of its own that ends afterwards. It takes no worker's name
/// and changes nothing. Throws std::invalid_argument for an invalid table name.
[[nodiscard]] dispatch::Awaitable<dispatch::StoreResult<outbox_table::TableReport>> look_at_table(
    RowStoreOptions options, outbox_table::TableUse use);

}  // namespace outboxd::outbox_store
