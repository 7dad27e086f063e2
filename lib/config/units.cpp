// SPDX-License-Identifier: Apache-2.0
#include "config/units.hpp"

#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace outboxd::config {
namespace {

struct Scale {
  std::string_view unit;
  std::int64_t factor;
};

constexpr std::array<Scale, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Scale, 7> kSizes{{{"GiB", 1LL << 30U},
                                       {"MiB", 1LL << 20U},
                                       {"KiB", 1LL << 10U},
                                       {"GB", 1'000'000'000},
                                       {"MB", 1'000'000},
                                       {"KB", 1'000},
                                       {"B", 1}}};
constexpr std::size_t kMostFractionDigits = 9;

constexpr std::string_view kInNumbers = "0123456789.";
constexpr const char* kTooLarge = "is too large";

/// digits[.digits] times the factor; the product must be whole.
Checked<std::int64_t> scaled(std::string_view number, std::int64_t factor) {
  const auto point = number.find('.');
  Checked<std::int64_t> whole = parse_integer(number.substr(0, point));
  if (!whole.value) return whole;
  if (*whole.value > std::numeric_limits<std::int64_t>::max() / factor - 1) return {.problem = kTooLarge};
  if (point == std::string_view::npos) return {.value = *whole.value * factor};

  const std::string_view digits = number.substr(point + 1);
  if (digits.empty() || digits.size() > kMostFractionDigits || !std::ranges::all_of(digits, is_digit)) {
    return {.problem = "is not a number followed by a unit"};
  }
  std::int64_t divisor = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) divisor *= 10;
  const std::int64_t part = *parse_integer(digits).value * factor;
  if (part % divisor != 0) return {.problem = "is finer than the smallest unit"};
  return {.value = *whole.value * factor + part / divisor};
}

Checked<std::int64_t> scaled(std::string_view number, std::string_view unit, std::span<const Scale> scales,
                             const std::string& known) {
  for (const Scale& scale : scales) {
    if (unit == scale.unit) return scaled(number, scale.factor);
  }
  for (const Scale& scale : scales) {
    if (lower(unit) != lower(scale.unit)) continue;
    return {.problem =
                "has its unit in the wrong case; write \"" + std::string(number) + std::string(scale.unit) + "\""};
  }
  return {.problem = "has an unknown unit; known are " + known};
}

std::string in_largest_unit(std::int64_t value, std::span<const Scale> scales) {
  for (const Scale& scale : scales) {
    if (value != 0 && value % scale.factor == 0)
      return std::to_string(value / scale.factor) + std::string(scale.unit);
  }
  return std::to_string(value) + std::string(scales.back().unit);
}

using Parser = Checked<std::int64_t> (*)(std::string_view);

/// For a number, a duration or a size that is only wrong in its blanks: the correct form; otherwise "".
std::string stray_blank(std::string_view text, Parser parse) {
  std::string bare(text);
  std::erase_if(bare, [](char c) { return c == ' ' || c == '\t'; });
  if (bare.size() == text.size() || !parse(bare).value) return "";
  return "has a blank in it; write \"" + bare + "\"";
}

}  // namespace

Checked<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop == end && error == std::errc::result_out_of_range) return {.problem = kTooLarge};
  if (!text.empty() && stop == end && error == std::errc()) return {.value = value};
  std::string blank = stray_blank(text, parse_integer);
  return {.problem = blank.empty() ? "is not a whole number" : std::move(blank)};
}

Checked<std::int64_t> parse_duration(std::string_view text) {
  if (std::string blank = stray_blank(text, parse_duration); !blank.empty()) return {.problem = std::move(blank)};
  const std::string number(text.substr(0, text.find_first_not_of(kInNumbers)));
  if (number.empty()) return {.problem = R"(is not a duration such as "250ms", "30s", "5m" or "1h")"};
  if (number.size() == text.size()) {
    return {.problem = "needs a unit: \"" + number + "ms\", \"" + number + "s\", \"" + number + "m\" or \"" + number +
                       "h\""};
  }
  return scaled(number, text.substr(number.size()), kDurations, R"("ms", "s", "m", "h" and "d")");
}

Checked<std::int64_t> parse_size(std::string_view text) {
  if (std::string blank = stray_blank(text, parse_size); !blank.empty()) return {.problem = std::move(blank)};
  const std::string_view number = text.substr(0, text.find_first_not_of(kInNumbers));
  if (number.size() == text.size()) return parse_integer(text);
  if (number.empty()) return {.problem = R"(is not a size such as "16MiB", "64KiB", "1MB" or a number of bytes)"};
  return scaled(number, text.substr(number.size()), kSizes, R"("B", "KB", "MB", "GB", "KiB", "MiB" and "GiB")");
}

std::string show_duration(std::int64_t milliseconds) {
  return in_largest_unit(milliseconds, kDurations);
}

std::string show_size(std::int64_t bytes) {
  const std::span<const Scale> binary = std::span(kSizes).first(3);
  const bool fits = bytes != 0 && bytes % binary.back().factor == 0;
  return fits ? in_largest_unit(bytes, binary) : std::to_string(bytes);
}

}  // namespace outboxd::config
