// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dispatchers.hpp"
#include "config/origin.hpp"

#include <vector>

namespace outboxd::config {

/// Gives each dispatcher without a name that of its table, with a number behind it where that is taken; two that were
/// given the same name are a problem.
void settle_names(std::vector<Dispatcher>& dispatchers, Problems& problems);

}  // namespace outboxd::config
