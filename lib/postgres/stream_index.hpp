// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/statements.hpp"
#include "postgres/table_shape.hpp"

#include <string>
#include <vector>

namespace outboxd::postgres {

/// For people: that a dispatcher of one stream would find its rows sooner by an index that the table lacks, and how
/// to make it; empty where there is nothing to say. Blocks; throws what libpqxx throws.
[[nodiscard]] std::string advice_on_stream_index(Statements& statements, const TableShape& shape,
                                                 const std::vector<std::string>& streams, const std::string& table);

}  // namespace outboxd::postgres
