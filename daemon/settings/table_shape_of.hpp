// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "outbox_table/table_shape.hpp"

namespace outboxd::daemon {

/// The shape of the table: the one that `dispatcher.layout` names, or one built from the custom columns and states.
[[nodiscard]] outbox_table::TableShape table_shape_of(const config::DispatcherSettings& dispatcher);

}  // namespace outboxd::daemon
