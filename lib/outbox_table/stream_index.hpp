// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/table_shape.hpp"
#include "postgres/statements.hpp"

#include <string>

namespace outboxd::outbox_table {

/// Whether the table `oid` has an index by which a dispatcher of a few streams finds its rows without stepping over
/// other streams' rows; never for a shape whose leases move the time by which rows are ordered. Blocks; throws
/// libpqxx's exceptions.
[[nodiscard]] bool has_stream_index(postgres::Statements& statements, const std::string& oid,
                                    const TableShape& shape);

/// A message for the operator: the cost of having no such index, and how to create one.
[[nodiscard]] std::string advice_on_stream_index(const TableShape& shape, const std::string& table);

}  // namespace outboxd::outbox_table
