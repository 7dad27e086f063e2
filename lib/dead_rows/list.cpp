// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/list.hpp"

#include "dead_rows/tally.hpp"
#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

namespace outboxd::dead_rows {

using postgres::optional_text_of;
using postgres::text_of;
using telemetry::json_or_null;
using telemetry::json_text;
using telemetry::log::redacted;

namespace {

constexpr const char* kMostGroups = "1000";
// In a table for people; JSON has all of a kind.
constexpr std::size_t kMostOfAName = 60;
constexpr std::size_t kMostOfAnError = 300;
// A terminal that is narrower shows a table of this width.
constexpr std::size_t kLeastWidth = 60;

constexpr std::size_t kColumns = 5;
using Line = std::array<std::string, kColumns>;

Line line_of(const Group& group, bool has_errors) {
  const std::string no_error = has_errors ? "(none)" : "(no column)";
  return {std::to_string(group.rows), group.oldest.empty() ? "-" : group.oldest,
          group.newest.empty() ? "-" : group.newest, printable(group.stream, kMostOfAName),
          group.kind ? printable(*group.kind, kMostOfAnError) : no_error};
}

/// How many places a text takes, of characters of one place each.
std::size_t places_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cut_to(std::string_view text, std::size_t places) {
  if (places_of(text) <= places) return std::string{text};
  constexpr std::string_view kDots = "...";
  std::string cut;
  for (std::size_t left = places - std::min(places, kDots.size()); left > 0; --left) {
    const auto next = utf8::first_character(text);
    cut.append(text.substr(0, next.bytes));
    text.remove_prefix(next.bytes);
  }
  return cut.append(kDots);
}

std::string in_place(const std::string& text, std::size_t places, bool to_the_right) {
  const std::string blanks(places - std::min(places, places_of(text)), ' ');
  return to_the_right ? blanks + text : text + blanks;
}

}  // namespace

Groups list(Table& table, const FilterParameters& filter) {
  Groups groups{.time_column = table.time_column(), .has_errors = table.has_errors()};
  auto parameters = filter;
  parameters.emplace_back(kMostGroups);
  for (const auto& row : table.run(table.sql().list, parameters)) {
    groups.groups.push_back({.stream = text_of(row["stream"]),
                             .kind = optional_text_of(row["kind"]),
                             .rows = std::stoull(text_of(row["count"])),
                             .oldest = text_of(row["oldest"]),
                             .newest = text_of(row["newest"]),
                             .example = text_of(row["example"])});
    groups.all_rows = std::stoull(text_of(row["rows"]));
    groups.all_groups = std::stoull(text_of(row["groups"]));
  }
  return groups;
}

std::string text_of(const Groups& groups, std::size_t width) {
  std::ostringstream text;
  text << groups.dispatcher << ": " << groups.all_rows << (groups.all_rows == 1 ? " dead row" : " dead rows")
       << " in " << groups.table;
  if (groups.groups.empty()) return text.str() + "\n";
  text << (groups.time_column.empty() ? "" : "; OLDEST and NEWEST are of the column " + groups.time_column) << "\n";
  std::vector<Line> lines{{"ROWS", "OLDEST", "NEWEST", "STREAM", "ERROR"}};
  for (const auto& group : groups.groups) lines.push_back(line_of(group, groups.has_errors));
  std::array<std::size_t, kColumns> widths{};
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) widths.at(i) = std::max(widths.at(i), places_of(line.at(i)));
  }
  std::size_t before_error = 0;
  for (std::size_t i = 0; i + 1 < kColumns; ++i) before_error += widths.at(i) + 2;
  constexpr std::size_t kLeastOfAnError = 10;
  const auto whole = std::max(width, kLeastWidth);
  std::size_t line_number = 0;
  for (const auto& line : lines) {
    std::string whole_line;
    for (std::size_t i = 0; i + 1 < kColumns; ++i) whole_line += in_place(line.at(i), widths.at(i), i == 0) + "  ";
    const auto left = whole > before_error + kLeastOfAnError ? whole - before_error : kLeastOfAnError;
    whole_line += width == 0 ? line.back() : cut_to(line.back(), left);
    text << (width == 0 ? whole_line : cut_to(whole_line, whole)) << "\n";
    const auto& example = &line == lines.data() ? std::string{} : groups.groups[line_number++].example;
    if (example.empty()) continue;
    const auto example_line = std::string(widths[0] + 2, ' ') + "example: " + printable(example);
    text << (width == 0 ? example_line : cut_to(example_line, whole)) << "\n";
  }
  if (groups.all_groups > groups.groups.size()) {
    text << "and " << groups.all_groups - groups.groups.size() << " further kinds with fewer rows\n";
  }
  return text.str();
}

std::string json_of(const Groups& groups) {
  std::ostringstream json;
  json << "{\"dispatcher\":" << json_text(redacted(groups.dispatcher))
       << ",\"table\":" << json_text(redacted(groups.table)) << ",\"dead\":" << groups.all_rows
       << ",\"kinds\":" << groups.all_groups << ",\"time_column\":" << json_or_null(redacted(groups.time_column))
       << ",\"groups\":[";
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    const auto& group = groups.groups[i];
    json << (i > 0 ? "," : "") << "{\"stream\":" << json_text(redacted(group.stream))
         << ",\"error\":" << (group.kind ? json_text(redacted(*group.kind)) : "null") << ",\"rows\":" << group.rows
         << ",\"oldest\":" << json_or_null(redacted(group.oldest))
         << ",\"newest\":" << json_or_null(redacted(group.newest))
         << ",\"example_id\":" << json_or_null(redacted(group.example)) << "}";
  }
  json << "]}\n";
  return json.str();
}

}  // namespace outboxd::dead_rows
