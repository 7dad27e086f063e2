// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox/overdue_rows.hpp"
#include "outbox/prune_pass.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>

namespace outboxd::outbox_store {

/// What a step of pruning does with rows that are old enough.
enum class PruneMode { remove, count };

/// Does the next step of a pass: removes rows that were published more than `age` ago, or counts them. Nothing is
/// removed while rows are overdue, or may be, which is known after some looks. Blocks; throws
/// libpqxx's exceptions.
[[nodiscard]] dispatch::PruneStep prune_step(postgres::Statements& statements, const outbox_table::Layout& layout,
                                             PrunePass& pass, OverdueRows& overdue, std::chrono::milliseconds age,
                                             PruneMode mode = PruneMode::remove);

}  // namespace outboxd::outbox_store
