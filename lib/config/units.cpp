// SPDX-License-Identifier: Apache-2.0
#include "config/units.hpp"

#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
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

constexpr std::array<Scale, 4> kDurations{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Scale, 7> kSizes{{{"GiB", 1LL << 30U},
                                       {"MiB", 1LL << 20U},
                                       {"KiB", 1LL << 10U},
                                       {"GB", 1'000'000'000},
                                       {"MB", 1'000'000},
                                       {"KB", 1'000},
                                       {"B", 1}}};
constexpr std::size_t kMostFractionDigits = 9;

Checked<std::int64_t> too_large() {
  return {.problem = "is too large"};
}

/// digits[.digits] times the factor; the product must be whole.
Checked<std::int64_t> scaled(std::string_view number, const Scale& scale) {
  const auto point = number.find('.');
  const Checked<std::int64_t> whole = parse_integer(number.substr(0, point));
  if (!whole.value) return {.problem = whole.problem};
  if (*whole.value > std::numeric_limits<std::int64_t>::max() / scale.factor - 1) return too_large();
  std::int64_t result = *whole.value * scale.factor;
  if (point == std::string_view::npos) return {.value = result};

  const std::string_view digits = number.substr(point + 1);
  if (digits.empty() || digits.size() > kMostFractionDigits || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return {.problem = "is not a number followed by a unit"};
  }
  std::int64_t divisor = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) divisor *= 10;
  const std::int64_t part = *parse_integer(digits).value * scale.factor;
  if (part % divisor != 0) return {.problem = "is finer than the smallest unit"};
  result += part / divisor;
  return {.value = result};
}

std::string in_largest_unit(std::int64_t value, std::span<const Scale> scales) {
  for (const Scale& scale : scales) {
    if (value != 0 && value % scale.factor == 0)
      return std::to_string(value / scale.factor) + std::string(scale.unit);
  }
  return std::to_string(value) + std::string(scales.back().unit);
}

using Parser = Checked<std::int64_t> (*)(std::string_view);

/// Where blanks are all that is wrong with a number, a duration or a size: what to write.
std::optional<std::string> without_blanks(std::string_view text, Parser parse) {
  std::string bare(text);
  std::erase_if(bare, [](char c) { return c == ' ' || c == '\t'; });
  if (bare.size() == text.size() || !parse(bare).value) return std::nullopt;
  return "has a blank in it; write \"" + bare + "\"";
}

/// What to say of a unit that is none.
template <std::size_t N>
std::string unknown_unit(std::string_view number, std::string_view unit, const std::array<Scale, N>& scales,
                         const std::string& known) {
  for (const Scale& scale : scales) {
    if (lower(unit) != lower(scale.unit)) continue;
    return "has its unit in the wrong case; write \"" + std::string(number) + std::string(scale.unit) + "\"";
  }
  return "has an unknown unit; known are " + known;
}

}  // namespace

Checked<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop == end && error == std::errc::result_out_of_range) return too_large();
  if (text.empty() || stop != end || error != std::errc()) {
    return {.problem = without_blanks(text, parse_integer).value_or("is not a whole number")};
  }
  return {.value = value};
}

Checked<std::int64_t> parse_duration(std::string_view text) {
  if (auto problem = without_blanks(text, parse_duration)) return {.problem = *std::move(problem)};
  const auto unit_at = text.find_first_not_of("0123456789.");
  if (text.empty() || unit_at == 0) return {.problem = R"(is not a duration such as "250ms", "30s", "5m" or "1h")"};
  const std::string number(text.substr(0, unit_at));
  if (unit_at == std::string_view::npos) {
    return {.problem = "needs a unit: \"" + number + "ms\", \"" + number + "s\", \"" + number + "m\" or \"" + number +
                       "h\""};
  }
  for (const Scale& scale : kDurations) {
    if (text.substr(unit_at) == scale.unit) return scaled(number, scale);
  }
  return {.problem = unknown_unit(number, text.substr(unit_at), kDurations, R"("ms", "s", "m" and "h")")};
}

Checked<std::int64_t> parse_size(std::string_view text) {
  if (auto problem = without_blanks(text, parse_size)) return {.problem = *std::move(problem)};
  const auto unit_at = text.find_first_not_of("0123456789.");
  if (unit_at == std::string_view::npos) return parse_integer(text);
  if (unit_at == 0) return {.problem = R"(is not a size such as "16MiB", "64KiB", "1MB" or a number of bytes)"};
  for (const Scale& scale : kSizes) {
    if (text.substr(unit_at) == scale.unit) return scaled(text.substr(0, unit_at), scale);
  }
  return {.problem = unknown_unit(text.substr(0, unit_at), text.substr(unit_at), kSizes,
                                  R"("B", "KB", "MB", "GB", "KiB", "MiB" and "GiB")")};
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
