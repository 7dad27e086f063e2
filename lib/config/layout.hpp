// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"

namespace outboxd::config {

/// Puts in what follows from the layout where nothing else was given: the table's name and the producer.
void settle_layout(Layer& merged);

/// Whether the layout, its columns and states make a table that can be worked on; each problem names the column that
/// is missing or wrong.
void check_layout(const Layer& merged, Problems& problems);

}  // namespace outboxd::config
