// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace outboxd::streams {

/// Rows as columns that are two blanks apart: the first to the left, numbers to the right. The first row are the
/// titles. Where the table is wider than `width` (0: any), the first column is cut, down to 16 bytes. A row of one
/// cell is a heading over the whole width.
[[nodiscard]] std::string text_table(const std::vector<std::vector<std::string>>& rows, std::size_t width);

}  // namespace outboxd::streams
