// SPDX-License-Identifier: Apache-2.0
#include "streams/text_table.hpp"

#include "outbox/utf8.hpp"

#include <algorithm>

namespace outboxd::streams {
namespace {

/// The columns that a text takes: its characters, as UTF-8 has several bytes for some.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string cut(const std::string& text, std::size_t width) {
  constexpr std::size_t kDots = 3;
  return columns_of(text) <= width ? text : utf8::shortened(text, width - kDots);
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows, std::size_t width) {
  constexpr std::size_t kNarrowest = 16;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; row.size() > 1 && i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::size_t total = 0;
  for (const auto one : widths) total += one + 2;
  if (width > 0 && total > width + 2) {
    const auto excess = total - width - 2;
    widths[0] = std::max(std::min(widths[0], kNarrowest), widths[0] > excess ? widths[0] - excess : 0);
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = row.size() == 1 ? cut(row[0], width > 0 ? std::max(width, kNarrowest) : row[0].size())
                                       : cut(row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (i == 1) line.append(widths[0] - columns_of(line), ' ');
      line.append(2 + widths[i] - columns_of(row[i]), ' ').append(row[i]);
    }
    text.append(line).append("\n");
  }
  return text;
}

}  // namespace outboxd::streams
