// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/batches.hpp"
#include "dead_rows/id_spool.hpp"

#include <chrono>
#include <functional>

namespace outboxd::dead_rows {

/// Makes dead rows due again. `requeued`: gets their ids, unless that fails (tally.unfollowed); may be null.
void requeue(Table& table, const FilterParameters& filter, const Steps& steps, Tally& tally, IdSpool* requeued);

/// Looks at these rows again and again until none of them is on its way, the time is over, or `stops`. Rows that are
/// dead again or published are not looked at again. `looked` gets the outcomes after each look; may be empty.
[[nodiscard]] Outcomes follow(Table& table, IdSpool& ids, std::chrono::milliseconds most,
                              const std::function<bool(std::chrono::milliseconds)>& stops,
                              const std::function<void(const Outcomes&)>& looked = {});

}  // namespace outboxd::dead_rows
