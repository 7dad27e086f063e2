// SPDX-License-Identifier: Apache-2.0
#include "telemetry/families.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace outboxd::telemetry {
namespace {

void append_escaped(std::string& text, std::string_view value, bool quotes) {
  for (const char c : value) {
    if (c == '\\' || (quotes && c == '"')) text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

void append_number(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
    return;
  }
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  constexpr double kExact = 1e15;
  std::array<char, 40> digits{};
  const bool is_whole = std::abs(value) < kExact && std::trunc(value) == value;
  const auto end = is_whole
                       ? std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(value))
                       : std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), end.ptr);
}

void append_name(std::string& text, std::string_view name, std::string_view suffix, std::string_view labels) {
  text.append(name).append(suffix).append(labels);
}

}  // namespace

std::string labels_text(const prometheus::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text.append(text.empty() ? "{" : ",").append(name).append("=\"");
    append_escaped(text, value, true);
    text += '"';
  }
  if (!text.empty()) text += '}';
  return text;
}

std::string header_text(std::string_view name, std::string_view help, std::string_view type) {
  std::string text = "# HELP ";
  text.append(name).append(" ");
  append_escaped(text, help, false);
  text.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  return text;
}

void append_line(std::string& text, std::string_view series, double value) {
  text.append(series).append(" ");
  append_number(text, value);
  text += '\n';
}

void append_lines(std::string& text, std::string_view name, std::string_view labels,
                  const prometheus::Histogram& histogram) {
  const auto state = histogram.Collect().histogram;
  // In place of the closing brace the bucket's bound follows.
  const std::string before{labels.empty() ? "{" : std::string{labels.substr(0, labels.size() - 1)} + ","};
  for (const auto& bucket : state.bucket) {
    append_name(text, name, "_bucket", before);
    text += "le=\"";
    append_number(text, bucket.upper_bound);
    text += "\"} ";
    append_number(text, static_cast<double>(bucket.cumulative_count));
    text += '\n';
  }
  append_name(text, name, "_sum", labels);
  append_line(text, "", state.sample_sum);
  append_name(text, name, "_count", labels);
  append_line(text, "", static_cast<double>(state.sample_count));
}

}  // namespace outboxd::telemetry
