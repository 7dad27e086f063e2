// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/filter.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// The group `outboxd dead`; the first call adds it.
CLI::App& dead_group(CLI::App& program);

/// Adds the options of the filter, which are the same for every command of the group.
void declare_filter(CLI::App& app, dead_rows::FilterWords& words);

/// What the options of the filter mean, for --help.
[[nodiscard]] std::string about_filters();

}  // namespace outboxd::daemon
