// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"
#include "config/postgres_url.hpp"

namespace outboxd::config {

/// Puts postgres.url into libpq's words, and what it says for other settings into those, where nobody gave them
/// otherwise: postgres.pooler, postgres.statement_timeout, and the schema of dispatcher.table. libpq has the last
/// word on whether the connection can work.
void settle_postgres(Layer& merged, const Libpq& libpq, Problems& problems, Problems& warnings);

}  // namespace outboxd::config
