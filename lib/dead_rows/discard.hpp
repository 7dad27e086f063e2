// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/batches.hpp"
#include "dead_rows/export_file.hpp"

#include <string>

namespace outboxd::dead_rows {

/// How this role can discard rows of a table.
enum class Discard { remove, mark };
[[nodiscard]] Discard discard_of(const Table& table);

/// Exports dead rows, and then deletes them, or marks them with the reason. The file has the rows that are gone, and
/// no others, unless the tally is in doubt.
void discard(Table& table, const FilterParameters& filter, const Steps& steps, Tally& tally,
             const std::string& reason, ExportFile& file);

}  // namespace outboxd::dead_rows
