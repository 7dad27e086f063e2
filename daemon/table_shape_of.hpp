// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "outbox_table/table_shape.hpp"

namespace outboxd::daemon {

/// The shape that `dispatcher.layout` names, or that a custom one's columns and states make.
[[nodiscard]] outbox_table::TableShape table_shape_of(const config::DispatcherSettings& dispatcher);

}  // namespace outboxd::daemon
