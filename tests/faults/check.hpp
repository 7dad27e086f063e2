// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/run_case.hpp"

namespace outboxd::faults {

/// Compares the table, the streams and the committed ids, and fills in the counts and broken promises.
void check_rows_and_entries(World& world, const Case& one, int rounds, const std::vector<std::string>& committed,
                            Result& result);

}  // namespace outboxd::faults
