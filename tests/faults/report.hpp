// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/run_case.hpp"

namespace outboxd::faults {

/// The matrix as a Markdown table, followed by its sums and by the broken promises with the daemons' logs.
[[nodiscard]] std::string report(const std::vector<Case>& cases, const std::vector<Result>& results, int rounds);

}  // namespace outboxd::faults
