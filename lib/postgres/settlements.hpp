// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/layout.hpp"
#include "postgres/statements.hpp"

namespace outboxd::postgres {

/// Writes the outcomes of a settlement where its lease is still ours, in one statement if that goes, else in
/// parts, so that a row that is locked by somebody, or that a trigger objects to, holds up none of the others.
/// Blocks. Throws what libpqxx throws where the trouble isn't a single row's.
dispatch::Settled write_outcomes(Statements& statements, const Layout& layout,
                                 const dispatch::Settlement& settlement);

}  // namespace outboxd::postgres
