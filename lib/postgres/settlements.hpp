// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/layout.hpp"
#include "postgres/pqxx_compat.hpp"

#include <string>

namespace outboxd::postgres {

/// Writes the outcomes of a settlement where `worker` still holds its lease, in one statement if that goes, else in
/// parts, so that a row that is locked by somebody, or that a trigger objects to, holds up none of the others.
/// Blocks. Throws what libpqxx throws where the trouble isn't a single row's.
dispatch::Settled write_outcomes(pqxx::transaction_base& transaction, const Layout& layout, const std::string& worker,
                                 const dispatch::Settlement& settlement);

}  // namespace outboxd::postgres
